import CutisCore
import Dispatch
import Foundation
import Synchronization

/// Ends the process on Ctrl-C, SIGTERM and SIGHUP without leaving temporary files behind.
final class Interrupts: Sendable {
    /// The process has one set of handlers.
    static let shared = Interrupts()

    private static let numbers = [SIGINT, SIGTERM, SIGHUP]
    private let sources = Mutex<[any DispatchSourceSignal]>([])
    private let graceful = Mutex<(@Sendable () -> Void)?>(nil)

    /// Calls a closure instead of ending the process, from now on: for a server, which finishes what it has accepted.
    func handle(by body: @escaping @Sendable () -> Void) {
        graceful.withLock { $0 = body }
    }

    /// Takes the signals over.
    func start() {
        // A closed pipe (`cutis classify … | head`) is reported by write(), not by a signal.
        signal(SIGPIPE, SIG_IGN)
        sources.withLock { sources in
            sources = Self.numbers.map { number in
                signal(number, SIG_IGN)
                let source = DispatchSource.makeSignalSource(signal: number, queue: .global())
                source.setEventHandler { [self] in
                    if let body = graceful.withLock({ $0 }) { return body() }
                    TemporaryPaths.removeAll()
                    printToStandardError("\ncutis: interrupted; nothing half-written was left behind")
                    // What the shell expects of a process that a signal ended.
                    _exit(128 + number)
                }
                source.resume()
                return source
            }
        }
    }

    /// Gives the signals back, to a command that ends in its own way or at the end of the process.
    func stop() {
        sources.withLock { sources in
            for source in sources { source.cancel() }
            sources = []
        }
        for number in Self.numbers { signal(number, SIG_DFL) }
    }
}
