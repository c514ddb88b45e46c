package import CutisCore
package import Foundation

/// Scheme, host and port of an address: what an access token is bound to.
package struct Origin: Sendable, Hashable {
    let scheme: String
    let host: String
    let port: Int

    /// The origin of an address; nil for anything but `http` and `https` with a host.
    package init?(_ url: URL) {
        guard let scheme = url.scheme?.lowercased(), ["http", "https"].contains(scheme) else { return nil }
        guard let host = url.host?.lowercased(), !host.isEmpty else { return nil }
        self.scheme = scheme
        self.host = host
        port = url.port ?? (scheme == "https" ? 443 : 80)
    }

    var isLoopback: Bool { ["127.0.0.1", "localhost", "::1", "[::1]"].contains(host) }

    /// Whether a secret may travel there: encrypted, or within this machine.
    var isPrivate: Bool { scheme == "https" || isLoopback }
}

/// The address of a hub (`HF_ENDPOINT`) and the addresses under it.
package struct HubEndpoint: Sendable {
    /// The address without a trailing slash.
    package let base: String
    /// Where the access token may be sent.
    package let origin: Origin

    /// Reads `HF_ENDPOINT`; the public hub without it.
    ///
    /// - Throws: `.invalidArguments` for anything but a plain `http` or `https` address.
    package init(_ environment: HubEnvironment) throws(CutisError) {
        let text = environment["HF_ENDPOINT"] ?? "https://huggingface.co"
        var base = text[...]
        while base.hasSuffix("/") { base = base.dropLast() }
        guard let url = URL(string: String(base)), let origin = Origin(url), url.user == nil, url.password == nil,
            url.query == nil, url.fragment == nil
        else {
            throw CutisError(
                .invalidArguments, "HF_ENDPOINT is not the address of a hub.",
                remedy: "Set it to an address such as https://huggingface.co, without user, query or fragment.")
        }
        self.base = String(base)
        self.origin = origin
    }

    /// The model's page, for people.
    func page(_ repository: RepositoryName) -> String { "\(base)/\(repository)" }

    /// The listing of a repository's files at a revision, with their sizes and hashes.
    func listing(_ repository: RepositoryName, _ revision: Revision) throws(CutisError) -> URL {
        try address("api/models/\(repository)/revision/\(Self.encoded(revision.description))?blobs=true")
    }

    /// One file at a commit.
    func file(_ path: String, of repository: RepositoryName, commit: String) throws(CutisError) -> URL {
        let encoded = path.split(separator: "/").map { Self.encoded(String($0)) }.joined(separator: "/")
        return try address("\(repository)/resolve/\(commit)/\(encoded)")
    }

    private func address(_ path: String) throws(CutisError) -> URL {
        guard let url = URL(string: "\(base)/\(path)") else {
            throw CutisError(
                .invalidArguments, "No address can be made of \(HubText.clean(path)).",
                remedy: "Check the names of the repository, the revision and the file.")
        }
        return url
    }

    /// Every character but RFC 3986's unreserved ones as a percent escape, slashes too.
    private static func encoded(_ text: String) -> String {
        let unreserved = CharacterSet(
            charactersIn: "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789-._~")
        return text.addingPercentEncoding(withAllowedCharacters: unreserved) ?? ""
    }
}
