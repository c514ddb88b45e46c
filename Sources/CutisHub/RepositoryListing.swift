package import CutisCore
package import Foundation

/// One file that a repository holds at a commit.
package struct ListedFile: Sendable, Hashable {
    /// The path relative to the repository.
    package let path: String
    /// The content's size in bytes, where the hub says it.
    package let size: Int?
    /// The git hash of the file, or of its pointer where the content is in large-file storage.
    let blobID: String?
    /// The content's sha256, where it is in large-file storage.
    let sha256: String?
}

/// All files of a repository at a commit.
package struct RepositoryListing: Sendable, Hashable {
    /// The most bytes of JSON that are read, from the hub or from the cache.
    package static let maximumBytes = 16 << 20
    /// The most files that a repository may list.
    package static let maximumFiles = 50_000

    /// The full commit hash.
    package let commit: String
    /// The files, by path.
    package let files: [ListedFile]

    /// Reads what a hub answers to `/api/models/…/revision/…`.
    ///
    /// - Throws: `.networkFailed` where it is no such answer; `.checkpointUnsafe` for file names that lead elsewhere.
    package init(answer: Data, of repository: RepositoryName) throws(CutisError) {
        struct Answer: Decodable {
            struct Sibling: Decodable {
                struct LargeFile: Decodable { let sha256: String? }
                let rfilename: String
                let size: Int?
                let blobId: String?
                let lfs: LargeFile?
            }
            let sha: String
            let siblings: [Sibling]?
        }
        guard let answer = try? JSONDecoder().decode(Answer.self, from: answer), CommitHash.isValid(answer.sha) else {
            throw CutisError(
                .networkFailed, "The hub's listing of \(repository) cannot be read.",
                remedy: "Check that HF_ENDPOINT points to a hub and that no proxy or login page answers in its place.")
        }
        let files = (answer.siblings ?? []).map {
            ListedFile(path: $0.rfilename, size: $0.size, blobID: $0.blobId, sha256: $0.lfs?.sha256)
        }
        try self.init(commit: answer.sha, files: files, of: repository)
    }

    private init(commit: String, files: [ListedFile], of repository: RepositoryName) throws(CutisError) {
        guard files.count <= Self.maximumFiles, files.allSatisfy({ ($0.size ?? 0) >= 0 }) else {
            throw CutisError(
                .checkpointUnsafe,
                "The hub's listing of \(repository) has more than \(Self.maximumFiles) files or negative sizes.",
                remedy: "Nothing was written; check the repository's id.")
        }
        for file in files { try RepositoryPath.check(file.path, in: repository) }
        let paths = Set(files.map(\.path))
        guard paths.count == files.count else {
            throw CutisError(
                .checkpointUnsafe, "The hub lists a file of \(repository) twice.",
                remedy: "Nothing was written; tell the repository's owner or the hub.")
        }
        try RepositoryPath.checkFolders(paths, in: repository)
        self.commit = commit
        self.files = files.sorted { $0.path < $1.path }
    }
}

/// The listing as huggingface_hub keeps it, in `trees/<commit>.json` of a repository's folder.
extension RepositoryListing {
    private struct Tree: Codable {
        struct Entry: Codable {
            let size: Int
            let blobID: String
            let sha256: String?
            let largeFileSize: Int?

            enum CodingKeys: String, CodingKey {
                case size
                case blobID = "blob_id"
                case sha256 = "lfs_sha256"
                case largeFileSize = "lfs_size"
            }
        }
        let formatVersion: Int
        let files: [String: Entry]

        enum CodingKeys: String, CodingKey {
            case formatVersion = "format_version"
            case files
        }
    }

    /// Reads a kept listing; nil where the bytes are none.
    package init?(tree: Data, commit: String, of repository: RepositoryName) {
        guard let tree = try? JSONDecoder().decode(Tree.self, from: tree), tree.formatVersion == 1 else { return nil }
        let files = tree.files.map {
            ListedFile(path: $0.key, size: $0.value.size, blobID: $0.value.blobID, sha256: $0.value.sha256)
        }
        guard let listing = try? RepositoryListing(commit: commit, files: files, of: repository) else { return nil }
        self = listing
    }

    /// The listing's bytes to keep; nil where the hub did not tell every size and hash.
    package func tree() -> Data? {
        var entries: [String: Tree.Entry] = [:]
        for file in files {
            guard let size = file.size, let blobID = file.blobID else { return nil }
            entries[file.path] = Tree.Entry(
                size: size, blobID: blobID, sha256: file.sha256, largeFileSize: file.sha256.map { _ in size })
        }
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        return try? encoder.encode(Tree(formatVersion: 1, files: entries))
    }
}
