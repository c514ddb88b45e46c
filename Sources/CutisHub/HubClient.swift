public import CutisCore
public import Foundation

/// Brings models from a Hugging Face hub into the cache that all of the hub's tools share.
///
/// It reads the tools' own variables: `HF_ENDPOINT`, `HF_HOME`, `HF_HUB_CACHE`, `XDG_CACHE_HOME`, `HF_TOKEN`,
/// `HF_TOKEN_PATH`, `HF_HUB_OFFLINE`, `HF_HUB_ETAG_TIMEOUT`, `HF_HUB_DOWNLOAD_TIMEOUT`; `https_proxy`, `http_proxy`,
/// `no_proxy`; `SSL_CERT_FILE`, `REQUESTS_CA_BUNDLE`. The access token is sent to the hub's own address only and
/// appears in no message.
public struct HubClient: Sendable {
    /// Where the models are kept.
    public let cache: HubCache
    let environment: HubEnvironment
    let retry: RetryPolicy
    let warn: @Sendable (String) -> Void

    /// Makes a client.
    ///
    /// - Parameters:
    ///   - environment: the variables of the process.
    ///   - warn: is given sentences that the user should see though the pull goes on.
    public init(environment: [String: String], warn: @escaping @Sendable (String) -> Void = { _ in }) {
        self.init(environment: environment, retry: RetryPolicy(), warn: warn)
    }

    package init(
        environment: [String: String], retry: RetryPolicy, warn: @escaping @Sendable (String) -> Void = { _ in }
    ) {
        self.environment = HubEnvironment(environment)
        self.retry = retry
        self.warn = warn
        cache = HubCache(root: self.environment.cacheRoot)
    }

    /// Brings the chosen files of a repository into the cache.
    ///
    /// What is cached is not fetched again. Of a commit that is cached nothing is asked; of a branch or tag one
    /// question is asked, whether it moved. Where the hub cannot be reached and the last known commit is cached, that
    /// is used, with a warning. A pull that breaks off or is cancelled goes on from there the next time.
    ///
    /// - Parameters:
    ///   - repo: `ORG/NAME`.
    ///   - revision: a branch, a tag or a commit.
    ///   - include: which files.
    ///   - localFilesOnly: makes no network call at all, as `HF_HUB_OFFLINE=1` does.
    ///   - progress: is called from any thread, one call at a time, at most ten times a second and at each file's end.
    /// - Returns: the snapshot folder, whose entries are links to the contents.
    /// - Throws: `.invalidArguments`, `.notCached`, `.networkFailed`, `.accessDenied` (with what to do for a gated
    ///   model), `.fileNotFound`, `.checkpointUnsafe`, `.noSpaceLeft`, `.outputUnwritable`, `.cancelled`.
    public func snapshot(
        repo: String, revision: String = "main", include: FileSelection = .modelFiles, localFilesOnly: Bool = false,
        progress: (@Sendable (PullProgress) -> Void)? = nil
    ) async throws(CutisError) -> URL {
        let repository = try RepositoryName(repo)
        let wanted = try Revision(revision)
        let lookup = CacheLookup(cache: cache, repository: repository, revision: wanted, selection: include)
        if localFilesOnly || environment.isOffline {
            return try lookup.folder(because: localFilesOnly ? "only local files are allowed" : "HF_HUB_OFFLINE is set")
        }
        if wanted.isCommit, let folder = lookup.completeFolder() { return folder }

        let endpoint = try HubEndpoint(environment)
        var token = try environment.token()
        if token != nil, !endpoint.origin.isPrivate {
            warn("The access token is not sent, because \(endpoint.base) is not encrypted.")
            token = nil
        }
        let client = try HubConnection.client(environment, endpoint: endpoint)
        let transport = HubTransport(
            client: client, endpoint: endpoint, token: token, retry: retry,
            metadataTimeout: environment.seconds("HF_HUB_ETAG_TIMEOUT", default: 30))
        let pull = Pull(lookup: lookup, transport: transport, progress: progress, warn: warn)
        let result: Result<URL, CutisError>
        do {
            result = .success(try await pull.run())
        } catch {
            result = .failure(error)
        }
        await transport.shutDown()
        return try result.get()
    }
}
