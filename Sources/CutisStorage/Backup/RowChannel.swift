import CutisCore
import Foundation
import Synchronization

/// Carries rows from the thread of one database to that of another, a few pages at a time: whoever is faster waits.
///
/// Both ends are threads that may wait: databases run their bodies outside of Swift's shared threads.
final class RowChannel: Sendable {
    /// What goes through.
    enum Message: Sendable {
        case rows(table: String, [[SQLValue]])
        /// A table is complete: how many rows it has and what they hash to.
        case end(TableDigest)
        /// All tables were sent.
        case finished
        case failed(any Error)
    }

    /// The other side is gone.
    struct Stopped: Error {}

    private struct State {
        var messages: [Message] = []
        var isStopped = false
        var isTaken = false
    }

    private static let capacity = 16
    private let state = Mutex(State())
    private let free = DispatchSemaphore(value: RowChannel.capacity)
    private let filled = DispatchSemaphore(value: 0)

    /// Sends a message, and waits while the channel is full.
    func send(_ message: Message) throws {
        free.wait()
        let isStopped = state.withLock { state in
            state.messages.append(message)
            return state.isStopped
        }
        filled.signal()
        if isStopped {
            free.signal()
            throw Stopped()
        }
    }

    /// Begins to receive; a channel is read once.
    func take() throws(CutisError) {
        let isTaken = state.withLock { state in
            defer { state.isTaken = true }
            return state.isTaken
        }
        guard !isTaken else {
            throw CutisError(
                .storageUnavailable, "The connection to the target database was lost while rows were copied.",
                remedy: "Nothing was kept there; start the copy again.")
        }
    }

    /// The next message, waiting for it.
    func receive() -> Message {
        filled.wait()
        defer { free.signal() }
        return state.withLock { $0.messages.removeFirst() }
    }

    /// Tells the sender that nobody receives any more.
    func stop() {
        state.withLock { $0.isStopped = true }
        free.signal()
    }
}
