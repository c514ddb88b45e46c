import AsyncHTTPClient
import CutisCore
import Foundation
import NIOCore
import NIOHTTP1

/// Brings one blob into the cache: continues what an earlier run left, checks the hash, then gives it its name.
struct BlobDownload: Sendable {
    let transport: HubTransport
    let cache: HubCache
    let repository: RepositoryName
    let commit: Revision
    let blob: RemoteBlob
    let progress: ProgressTracker?
    let warn: @Sendable (String) -> Void

    /// An attempt that brings this many bytes counts as progress.
    private static let progressStep = 1 << 20

    /// Fetches the blob unless it is there.
    ///
    /// - Throws: `.networkFailed`, `.accessDenied`, `.noSpaceLeft`, `.outputUnwritable`, `.cancelled`.
    func run() async throws(CutisError) {
        let place = cache.blob(blob.name, of: repository)
        let lockFile = cache.lock(blob.name, of: repository)
        try cache.makeFolder(for: place)
        try cache.makeFolder(for: lockFile)
        let lock = try await BlobLock.take(lockFile) {
            warn("Waiting for another process that downloads \(HubText.clean(blob.path)).")
        }
        defer { withExtendedLifetime(lock) {} }
        if cache.holds(blob.name, size: blob.size, of: repository) {
            progress?.note(blob, bytes: blob.size ?? 0, isLast: true)
            return
        }
        let partial = try PartialFile(place.appendingPathExtension("incomplete"))
        let check = ContentCheck(blob.name)
        // Without a hash to check, or with more bytes than there are, what is there cannot be trusted.
        if !check.isCheckable || partial.size > blob.size ?? Int.max { try partial.reset() }
        let wasContinued = partial.size > 0
        try await fill(partial)
        var isRight = try await check.accepts(partial)
        if !isRight, wasContinued {
            // The earlier part may be at fault, not the hub: once more from the start.
            try partial.reset()
            try await fill(partial)
            isRight = try await check.accepts(partial)
        }
        guard isRight else {
            partial.discard()
            throw CutisError(
                .networkFailed,
                "What arrived as \(HubText.clean(blob.path)) of \(repository) does not have the hash "
                    + "\(blob.name) that the hub promised; it was removed.",
                remedy: "Run the command again; if it fails again, a proxy or a mirror alters the file.")
        }
        try partial.finish(as: place)
    }

    private func fill(_ partial: PartialFile) async throws(CutisError) {
        if blob.size != nil, partial.size == blob.size {
            progress?.note(blob, bytes: partial.size, isLast: true)
            return
        }
        let url = try transport.endpoint.file(blob.path, of: repository, commit: commit.description)
        try await transport.retry.run { () async throws(Setback) in
            try await attempt(partial, url)
        }
        progress?.note(blob, bytes: partial.size, isLast: true)
    }

    private func attempt(_ partial: PartialFile, _ url: URL) async throws(Setback) {
        let subject = HubSubject(repository: repository, revision: commit, path: blob.path)
        let answer = try await transport.send(
            .GET, url, subject: subject, from: partial.size, deadline: .distantFuture)
        let start = try position(partial, answer.response)
        let expected = try expectedSize(partial, answer.response)
        do {
            for try await buffer in answer.response.body {
                guard buffer.readableBytes <= (expected ?? Int.max) - partial.size else {
                    try partial.reset()
                    throw refused("more bytes than it declared")
                }
                try buffer.withUnsafeReadableBytes { bytes in try partial.append(bytes) }
                progress?.note(blob, bytes: partial.size)
            }
        } catch let error as CutisError {
            throw Setback(final: error)
        } catch let error as Setback {
            throw error
        } catch {
            throw transport.broken(error, url, madeProgress: partial.size - start >= Self.progressStep)
        }
        if let expected, partial.size < expected {
            throw transport.broken(
                HTTPClientError.remoteConnectionClosed, url, madeProgress: partial.size - start >= Self.progressStep)
        }
    }

    /// Where the answer's bytes belong: the end of the file, or its start where the server ignores ranges.
    private func position(_ partial: PartialFile, _ response: HTTPClientResponse) throws(Setback) -> Int {
        let status = Int(response.status.code)
        let range = response.headers.first(name: "Content-Range")
        if status == 206, partial.size > 0, range?.hasPrefix("bytes \(partial.size)-") == true { return partial.size }
        let wasEmpty = partial.size == 0
        do {
            try partial.reset()
        } catch {
            throw Setback(final: error)
        }
        if status == 200 { return 0 }
        let setback = refused("a part that was not asked for")
        throw wasEmpty ? setback : Setback(transient: setback.error)
    }

    /// How many bytes the file will have.
    private func expectedSize(_ partial: PartialFile, _ response: HTTPClientResponse) throws(Setback) -> Int? {
        guard let text = response.headers.first(name: "Content-Length") else { return blob.size }
        let (sum, overflow) = partial.size.addingReportingOverflow(Int(text) ?? -1)
        guard let length = Int(text), length >= 0, !overflow, blob.size == nil || blob.size == sum else {
            throw refused("another number of bytes than it declared")
        }
        return sum
    }

    private func refused(_ what: String) -> Setback {
        Setback(
            final: CutisError(
                .networkFailed, "The hub sends \(what) for \(HubText.clean(blob.path)) of \(repository).",
                remedy: "Run the command again; if it fails again, check HF_ENDPOINT and the proxy settings."))
    }
}

extension HubCache {
    /// Whether a blob is there, with the size that the hub says.
    func holds(_ name: BlobName, size: Int?, of repository: RepositoryName) -> Bool {
        guard let found = FileStatus(blob(name, of: repository).path), found.isFile else { return false }
        return size == nil || found.size == size
    }
}
