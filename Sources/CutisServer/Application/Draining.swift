import ServiceLifecycle
import Synchronization

/// Whether the server is stopping: then it is no longer ready, and what is in flight is finished.
package final class Draining: Service {
    private let state = Mutex(false)

    var isDraining: Bool { state.withLock { $0 } }

    package init() {}

    package func run() async throws {
        try? await gracefulShutdown()
        begin()
    }

    /// From here on the server is not ready any more.
    package func begin() { state.withLock { $0 = true } }
}
