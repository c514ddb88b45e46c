import CutisCore
import Foundation

/// One pull over the network: what is there, what is missing, fetch it, link it.
struct Pull: Sendable {
    /// How many requests run side by side.
    private static let width = 4

    let lookup: CacheLookup
    let transport: HubTransport
    let progress: (@Sendable (PullProgress) -> Void)?
    let warn: @Sendable (String) -> Void

    private var cache: HubCache { lookup.cache }
    private var repository: RepositoryName { lookup.repository }

    /// Makes the snapshot complete.
    func run() async throws(CutisError) -> URL {
        let listing: RepositoryListing
        do {
            listing = try await transport.listing(repository, lookup.revision)
        } catch {
            guard error.code == .networkFailed, let folder = try? lookup.folder(because: error.message) else {
                throw error
            }
            warn("\(error.message) Using the copy of \(repository) in the cache, commit \(folder.lastPathComponent).")
            return folder
        }
        guard !lookup.revision.isCommit || listing.commit == lookup.revision.description else {
            throw CutisError(
                .networkFailed, "The hub answered with commit \(listing.commit) to the request for \(lookup.revision).",
                remedy: "Check HF_ENDPOINT.")
        }
        guard !lookup.chosen(listing).isEmpty else {
            throw CutisError(
                .fileNotFound, "\(repository) has none of the files that were asked for.",
                remedy: "See its files at \(transport.endpoint.page(repository)) and mend --include.")
        }
        let missing = lookup.missing(listing)
        if missing.isEmpty {
            // A cache that may only be read, such as a shared one, is complete all the same.
            try? cache.keep(listing, of: repository)
            try? cache.note(listing.commit, as: lookup.revision, of: repository)
        } else {
            try await fetch(missing, of: listing)
            // Only now: a branch in the cache never leads to a snapshot that breaks off in the middle.
            try cache.note(listing.commit, as: lookup.revision, of: repository)
        }
        return cache.snapshot(of: repository, commit: listing.commit)
    }

    private func fetch(_ files: [ListedFile], of listing: RepositoryListing) async throws(CutisError) {
        let commit = try Revision(listing.commit)
        let found = try await sideBySide(files) { file async throws(CutisError) in
            let subject = HubSubject(repository: repository, revision: lookup.revision, path: file.path)
            return try await transport.metadata(of: file, subject, commit: listing.commit)
        }
        let blobs = merged(found)
        try checkSpace(for: blobs)
        try cache.mark()
        try cache.keep(listing, of: repository)
        let tracker = progress.map { ProgressTracker(total: Self.total(blobs.map(\.size)), report: $0) }
        _ = try await sideBySide(blobs) { blob async throws(CutisError) in
            try await BlobDownload(
                transport: transport, cache: cache, repository: repository, commit: commit, blob: blob,
                progress: tracker, warn: warn
            ).run()
            for path in blob.paths { try cache.link(path, to: blob.name, of: repository, commit: listing.commit) }
        }
    }

    /// One entry for files of the same content.
    private func merged(_ found: [RemoteBlob]) -> [RemoteBlob] {
        var blobs: [BlobName: RemoteBlob] = [:]
        for blob in found {
            blobs[blob.name, default: RemoteBlob(name: blob.name, size: blob.size, paths: [])].paths += blob.paths
        }
        return blobs.values.sorted { $0.path < $1.path }
    }

    /// Says before the first byte when the disk is too small.
    private func checkSpace(for blobs: [RemoteBlob]) throws(CutisError) {
        let sizes: [Int?] = blobs.map { blob in
            if cache.holds(blob.name, size: blob.size, of: repository) { return 0 }
            let partial = cache.blob(blob.name, of: repository).appendingPathExtension("incomplete")
            return max(0, (blob.size ?? 0) - (FileStatus(partial.path)?.size ?? 0))
        }
        var folder = cache.root
        while FileStatus(folder.path) == nil, folder.path != "/" { folder.deleteLastPathComponent() }
        guard let free = FileStatus.freeBytes(at: folder.path) else { return }
        let needed = Self.total(sizes) ?? Int.max
        guard needed > free else { return }
        throw CutisError(
            .noSpaceLeft,
            "\(repository) needs \(ByteCount(needed)) more, and \(cache.root.path) has \(ByteCount(free)) left.",
            remedy: "Free some space, set HF_HUB_CACHE to a larger disk, or choose fewer files with --include.")
    }

    /// The sum; nil where a size is not known or the sum is beyond all disks.
    private static func total(_ sizes: [Int?]) -> Int? {
        var sum = 0
        for size in sizes {
            guard let size else { return nil }
            let (next, overflow) = sum.addingReportingOverflow(size)
            if overflow { return nil }
            sum = next
        }
        return sum
    }

    /// Works on all items, a few at a time; the first failure stops the others. The results keep the order.
    private func sideBySide<Item: Sendable, Output: Sendable>(
        _ items: [Item], _ work: @escaping @Sendable (Item) async throws(CutisError) -> Output
    ) async throws(CutisError) -> [Output] {
        do {
            return try await withThrowingTaskGroup(of: (Int, Output).self) { group in
                var outputs: [Int: Output] = [:]
                for (index, item) in items.enumerated() {
                    if index >= Self.width, let (done, output) = try await group.next() { outputs[done] = output }
                    group.addTask { (index, try await work(item)) }
                }
                for try await (done, output) in group { outputs[done] = output }
                return items.indices.compactMap { outputs[$0] }
            }
        } catch {
            throw error as? CutisError ?? HubFailure.cancelled
        }
    }
}
