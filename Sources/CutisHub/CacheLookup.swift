import CutisCore
import Foundation

/// Answers from the cache alone whether the chosen files of a repository are there.
struct CacheLookup: Sendable {
    let cache: HubCache
    let repository: RepositoryName
    let revision: Revision
    let selection: FileSelection

    /// The chosen files of a listing that the cache lacks.
    func missing(_ listing: RepositoryListing) -> [ListedFile] {
        let folder = cache.snapshot(of: repository, commit: listing.commit)
        return chosen(listing).filter { !cache.holds($0.path, size: $0.size, in: folder) }
    }

    /// The chosen files of a listing.
    func chosen(_ listing: RepositoryListing) -> [ListedFile] {
        let paths = Set(selection.choose(from: listing.files.map(\.path)))
        return listing.files.filter { paths.contains($0.path) }
    }

    /// The snapshot folder, if the cache knows for certain that it holds every chosen file.
    func completeFolder() -> URL? {
        guard let commit = cache.commit(of: revision, in: repository) else { return nil }
        let folder = cache.snapshot(of: repository, commit: commit)
        if let listing = cache.listing(of: repository, commit: commit) {
            return !chosen(listing).isEmpty && missing(listing).isEmpty ? folder : nil
        }
        // Older caches keep no listing; a choice that names its files can be answered all the same.
        guard selection.isLiteral else { return nil }
        return selection.literalPaths.allSatisfy { cache.holds($0, size: nil, in: folder) } ? folder : nil
    }

    /// The snapshot folder, where nothing may be asked of the hub.
    ///
    /// Without a listing, which older caches do not keep, what is there is taken for what there is, as huggingface_hub
    /// does.
    ///
    /// - Throws: `.notCached`, with the files that are missing.
    func folder(because reason: String) throws(CutisError) -> URL {
        guard let commit = cache.commit(of: revision, in: repository) else {
            throw notCached("is not in the cache at \(cache.root.path)", reason)
        }
        let folder = cache.snapshot(of: repository, commit: commit)
        var missing: [String] = []
        if let listing = cache.listing(of: repository, commit: commit) {
            missing = self.missing(listing).map(\.path)
            if chosen(listing).isEmpty { throw notCached("has no file that was asked for", reason) }
        } else {
            missing = selection.literalPaths.filter { !cache.holds($0, size: nil, in: folder) }
            if missing.isEmpty, selection.choose(from: cache.paths(in: folder)).isEmpty {
                throw notCached("has no file that was asked for in the cache at \(cache.root.path)", reason)
            }
        }
        guard missing.isEmpty else {
            let names = missing.prefix(3).map { HubText.clean($0) }.joined(separator: ", ")
            let rest = missing.count > 3 ? " and \(missing.count - 3) more" : ""
            throw notCached("is in the cache at \(cache.root.path), but without \(names)\(rest)", reason)
        }
        return folder
    }

    private func notCached(_ what: String, _ reason: String) -> CutisError {
        CutisError(
            .notCached, "\(repository) at revision \(revision) \(what), and \(reason).",
            remedy:
                "Run `cutis pull \(repository)` where the network may be used, or copy the cache from such a machine.")
    }
}
