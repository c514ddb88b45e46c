import CutisCore
public import Foundation

/// The folder in which the tools around the hub keep what they downloaded, in the layout of huggingface_hub.
///
/// ```
/// models--ORG--NAME/refs/main                      the commit that the branch had, as text
/// models--ORG--NAME/snapshots/COMMIT/config.json   -> ../../blobs/ETAG
/// models--ORG--NAME/blobs/ETAG                     the content
/// models--ORG--NAME/trees/COMMIT.json              which files the commit has
/// ```
///
/// Caches written by huggingface_hub are read as they are, and it reads the ones that Cutis writes.
public struct HubCache: Sendable {
    /// The folder that holds the repositories.
    public let root: URL

    /// The cache at a folder, which need not exist yet.
    public init(root: URL) {
        self.root = root
    }

    /// The cache that the environment names: `HF_HUB_CACHE`, `HF_HOME`, `XDG_CACHE_HOME`, else
    /// `~/.cache/huggingface/hub`.
    public init(environment: [String: String]) {
        root = HubEnvironment(environment).cacheRoot
    }

    /// Finds the snapshot folder of a repository without any network call.
    ///
    /// - Parameters:
    ///   - repo: `ORG/NAME`.
    ///   - revision: a branch or tag that was pulled before, or a commit.
    /// - Returns: the folder, which may hold just some of the repository's files; nil where nothing is cached, and for
    ///   anything that is no repository id.
    public func resolve(repo: String, revision: String = "main") -> URL? {
        guard let repository = try? RepositoryName(repo), let revision = try? Revision(revision),
            let commit = commit(of: revision, in: repository)
        else { return nil }
        let folder = snapshot(of: repository, commit: commit)
        return paths(in: folder).isEmpty ? nil : folder
    }

    /// Finds one cached file without any network call; nil where it is not cached.
    public func file(_ path: String, repo: String, revision: String = "main") -> URL? {
        guard let repository = try? RepositoryName(repo), let revision = try? Revision(revision),
            (try? RepositoryPath.check(path, in: repository)) != nil,
            let commit = commit(of: revision, in: repository)
        else { return nil }
        let snapshot = snapshot(of: repository, commit: commit)
        return holds(path, size: nil, in: snapshot) ? snapshot.appendingPathComponent(path) : nil
    }

    func folder(of repository: RepositoryName) -> URL {
        root.appendingPathComponent(repository.folderName, isDirectory: true)
    }

    func snapshot(of repository: RepositoryName, commit: String) -> URL {
        folder(of: repository).appendingPathComponent("snapshots/\(commit)", isDirectory: true)
    }

    func blob(_ name: BlobName, of repository: RepositoryName) -> URL {
        folder(of: repository).appendingPathComponent("blobs/\(name)", isDirectory: false)
    }

    /// The lock that huggingface_hub takes as well while it writes the blob.
    func lock(_ name: BlobName, of repository: RepositoryName) -> URL {
        root.appendingPathComponent(".locks/\(repository.folderName)/\(name).lock", isDirectory: false)
    }

    /// The commit that a revision had when it was pulled; nil where it never was.
    func commit(of revision: Revision, in repository: RepositoryName) -> String? {
        if revision.isCommit { return revision.description }
        let file = folder(of: repository).appendingPathComponent("refs/\(revision)", isDirectory: false)
        guard let bytes = Self.read(file, limit: 1024) else { return nil }
        let commit = String(decoding: bytes, as: UTF8.self).trimmingCharacters(in: .whitespacesAndNewlines)
        return CommitHash.isValid(commit) ? commit : nil
    }

    /// The kept listing of a commit; nil where there is none, or none that can be trusted.
    func listing(of repository: RepositoryName, commit: String) -> RepositoryListing? {
        Self.read(tree(of: repository, commit: commit), limit: RepositoryListing.maximumBytes)
            .flatMap { RepositoryListing(tree: $0, commit: commit, of: repository) }
    }

    func tree(of repository: RepositoryName, commit: String) -> URL {
        folder(of: repository).appendingPathComponent("trees/\(commit).json", isDirectory: false)
    }

    /// Whether a snapshot holds a file, with the size that the listing says.
    func holds(_ path: String, size: Int?, in snapshot: URL) -> Bool {
        guard let found = FileStatus(snapshot.appendingPathComponent(path).path), found.isFile else { return false }
        return size == nil || found.size == size
    }

    /// The paths of all files in a snapshot, in order.
    func paths(in snapshot: URL) -> [String] {
        guard let enumerator = FileManager.default.enumerator(atPath: snapshot.path) else { return [] }
        var paths: [String] = []
        while let path = enumerator.nextObject() as? String, paths.count < RepositoryListing.maximumFiles {
            if holds(path, size: nil, in: snapshot) { paths.append(path) }
        }
        return paths.sorted()
    }

    private static func read(_ file: URL, limit: Int) -> Data? {
        guard let handle = try? FileHandle(forReadingFrom: file) else { return nil }
        defer { try? handle.close() }
        guard let bytes = try? handle.read(upToCount: limit + 1), bytes.count <= limit else { return nil }
        return bytes
    }
}
