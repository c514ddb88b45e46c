import Synchronization

/// How far a pull is.
public struct PullProgress: Sendable, Hashable {
    /// The file that bytes came for.
    public let file: String
    /// How many bytes of that file are on the disk.
    public let fileBytes: Int
    /// How many it has, where the hub said so.
    public let fileTotal: Int?
    /// How many bytes of all files to be fetched are on the disk, those of an earlier run included.
    public let bytes: Int
    /// How many there are in all, where the hub said so for each file. Files that were cached do not count.
    public let total: Int?
}

/// Adds up the progress of downloads that run side by side, and reports it at most ten times a second.
final class ProgressTracker: Sendable {
    private struct State {
        var bytes: [BlobName: Int] = [:]
        var sum = 0
        var last: ContinuousClock.Instant?
    }

    private let total: Int?
    private let report: @Sendable (PullProgress) -> Void
    private let state = Mutex(State())

    init(total: Int?, report: @escaping @Sendable (PullProgress) -> Void) {
        self.total = total
        self.report = report
    }

    /// Notes how many bytes of a blob are on the disk.
    ///
    /// - Parameter isLast: reports in any case.
    func note(_ blob: RemoteBlob, bytes: Int, isLast: Bool = false) {
        // The callback runs under the lock, so that reports arrive one at a time and in order.
        state.withLock { state in
            state.sum += bytes - (state.bytes.updateValue(bytes, forKey: blob.name) ?? 0)
            let now = ContinuousClock.now
            if !isLast, let last = state.last, now - last < .milliseconds(100) { return }
            state.last = now
            report(
                PullProgress(
                    file: blob.path, fileBytes: bytes, fileTotal: blob.size, bytes: state.sum, total: total))
        }
    }
}
