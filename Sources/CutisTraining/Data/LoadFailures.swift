package import CutisCore
import Foundation

/// An image that could not be read while training, and whose place another one took.
package struct LoadFailure: Sendable, Hashable {
    /// The row of the image.
    package let row: Int
    /// What messages call the image.
    package let name: String
    /// What the decoder said.
    package let error: CutisError
}

/// Counts the images that could not be read, each once, over all epochs of a run.
///
/// Failures are counted when their batch is taken and not when a worker meets them, so that a run stops at the same
/// batch whatever the workers.
///
/// Safe to share: the table is touched only while `lock` is held.
package final class LoadFailures: @unchecked Sendable {
    /// How many images may fail before the run stops.
    package let limit: Int
    private let lock = NSLock()
    private var failures: [Int: LoadFailure] = [:]

    /// Starts with none.
    package init(limit: Int) {
        self.limit = limit
    }

    /// The failed images in the order of their rows.
    package var all: [LoadFailure] {
        lock.withLock { failures.values.sorted { $0.row < $1.row } }
    }

    /// Counts the failures of a batch.
    ///
    /// - Throws: `.dataInvalid` with the names when there are now more than the limit.
    func record(_ new: [LoadFailure]) throws(CutisError) {
        guard !new.isEmpty else { return }
        lock.lock()
        for failure in new { failures[failure.row] = failure }
        lock.unlock()
        let all = all
        guard all.count > limit else { return }
        throw Self.tooMany(all, limit: limit)
    }

    /// What the run stops with.
    static func tooMany(_ failures: [LoadFailure], limit: Int) -> CutisError {
        guard let first = failures.first else {
            return CutisError(.dataInvalid, "Images could not be read.", remedy: "Check the data set.")
        }
        let others = failures.dropFirst().prefix(4).map(\.name)
        let names = others.isEmpty ? "" : " Also: \(others.joined(separator: ", "))\(failures.count > 5 ? ", …" : "")."
        let count = failures.count == 1 ? "1 image" : "\(failures.count) images"
        return CutisError(
            failures.count == 1 ? first.error.code : .dataInvalid,
            "\(count) could not be read, where at most \(limit) may fail. \(first.error.message)\(names)",
            remedy: "Mend or remove the files (`cutis data check` lists all of them), or allow more failures.")
    }
}
