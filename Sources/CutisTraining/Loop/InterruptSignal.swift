import Foundation
import Synchronization

/// Turns SIGINT and SIGTERM into a question that the training loop asks between two steps, for as long as it lives.
///
/// The signals' former handlers are put back at the end; a second signal while the first is being served does nothing
/// more.
package final class InterruptSignal: Sendable {
    private static let isRaised = Atomic<Bool>(false)
    private let former: [FormerHandler]

    private struct FormerHandler: Sendable {
        let signal: Int32
        let handler: (@convention(c) (Int32) -> Void)?
    }

    /// Takes over the two signals.
    init() {
        Self.isRaised.store(false, ordering: .relaxed)
        // The handler does nothing but store a flag, which is safe in a signal's context.
        former = [SIGINT, SIGTERM].map { number in
            FormerHandler(signal: number, handler: signal(number) { _ in InterruptSignal.raise() })
        }
    }

    deinit {
        for entry in former { signal(entry.signal, entry.handler) }
    }

    /// Whether a signal has come.
    var isRaised: Bool { Self.isRaised.load(ordering: .relaxed) }

    /// What the signals do. Tests call it: a signal to their process would end the servers of other tests too.
    package static func raise() {
        isRaised.store(true, ordering: .relaxed)
    }
}
