import ServiceLifecycle
import Synchronization

/// Whether the server is stopping: then it is no longer ready, and what is in flight is finished.
final class Draining: Service {
    private let state = Mutex(false)

    var isDraining: Bool { state.withLock { $0 } }

    func run() async throws {
        try? await gracefulShutdown()
        state.withLock { $0 = true }
    }
}
