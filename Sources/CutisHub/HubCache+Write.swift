import CutisCore
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// How the cache is filled. Every step leaves a cache that readers understand.
extension HubCache {
    /// Makes the folder that holds a file.
    func makeFolder(for file: URL) throws(CutisError) {
        let folder = file.deletingLastPathComponent()
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            let code = (error as NSError).userInfo[NSUnderlyingErrorKey].flatMap { ($0 as? NSError)?.code }
            throw AtomicOutput.failure(code.map(Int32.init) ?? EACCES, writing: folder)
        }
    }

    /// Links a file of a snapshot to its blob, relatively, so that the cache can move; replaces an older link.
    func link(_ path: String, to name: BlobName, of repository: RepositoryName, commit: String) throws(CutisError) {
        let place = snapshot(of: repository, commit: commit).appendingPathComponent(path, isDirectory: false)
        try makeFolder(for: place)
        let depth = path.utf8.count(where: { $0 == UInt8(ascii: "/") })
        let target = String(repeating: "../", count: depth + 2) + "blobs/\(name)"
        let temporary = place.deletingLastPathComponent().appendingPathComponent(".\(UUID().uuidString).tmp")
        TemporaryPaths.insert(temporary.path)
        defer { TemporaryPaths.removeNow(temporary.path) }
        guard symlink(target, temporary.path) == 0 else {
            let code = errno
            guard code == EPERM || code == EOPNOTSUPP || code == ENOSYS else {
                throw AtomicOutput.failure(code, writing: place)
            }
            throw CutisError(
                .outputUnwritable, "The disk of \(root.path) knows no symbolic links, which the cache needs.",
                remedy: "Set HF_HUB_CACHE to a folder on another disk.")
        }
        guard rename(temporary.path, place.path) == 0 else { throw AtomicOutput.failure(errno, writing: place) }
    }

    /// Notes the commit of a branch or tag.
    func note(_ commit: String, as revision: Revision, of repository: RepositoryName) throws(CutisError) {
        guard !revision.isCommit, self.commit(of: revision, in: repository) != commit else { return }
        try write(Data(commit.utf8), to: folder(of: repository).appendingPathComponent("refs/\(revision)"))
    }

    /// Keeps the listing of a commit, unless it is kept already or lacks sizes or hashes.
    func keep(_ listing: RepositoryListing, of repository: RepositoryName) throws(CutisError) {
        guard let bytes = listing.tree(), self.listing(of: repository, commit: listing.commit) == nil else { return }
        try write(bytes, to: tree(of: repository, commit: listing.commit))
    }

    /// Marks the cache for backup tools, which may skip it (the Cache Directory Tagging Specification).
    func mark() throws(CutisError) {
        let tag = root.appendingPathComponent("CACHEDIR.TAG")
        guard FileStatus(tag.path) == nil else { return }
        try write(Data("Signature: 8a477f597d28d172789f06886806bc55\n# A cache of models from a hub.\n".utf8), to: tag)
    }

    private func write(_ bytes: Data, to file: URL) throws(CutisError) {
        try makeFolder(for: file)
        do {
            try AtomicOutput.file(file, bytes)
        } catch {
            throw error as? CutisError ?? AtomicOutput.failure(EIO, writing: file)
        }
    }
}
