import CutisCore
import Dispatch
import Synchronization

/// A check that runs on another core while the caller goes on.
final class BackgroundCheck: Sendable {
    private let outcome = Mutex<CutisError?>(nil)
    private let group = DispatchGroup()

    init(_ body: @escaping @Sendable () throws(CutisError) -> Void) {
        DispatchQueue.global().async(group: group) { [self] in
            do throws(CutisError) { try body() } catch { outcome.withLock { $0 = error } }
        }
    }

    /// Waits for the end of the check and throws what it found.
    func wait() throws(CutisError) {
        group.wait()
        if let error = outcome.withLock({ $0 }) { throw error }
    }
}
