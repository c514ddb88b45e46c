import Dispatch

/// Work that waits for a disk or a network in C calls: on threads of its own, so that Swift's few are not blocked.
package enum BlockingWork {
    private static let queue = DispatchQueue(label: "cutis.storage", attributes: .concurrent)

    /// Runs a body and returns what it returns.
    package static func run<Result: Sendable>(_ body: @escaping @Sendable () throws -> Result) async throws -> Result {
        try await withCheckedThrowingContinuation { continuation in
            queue.async { continuation.resume(with: Swift.Result { try body() }) }
        }
    }

    /// Runs a body that cannot fail.
    package static func run<Result: Sendable>(_ body: @escaping @Sendable () -> Result) async -> Result {
        await withCheckedContinuation { continuation in
            queue.async { continuation.resume(returning: body()) }
        }
    }
}
