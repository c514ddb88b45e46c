import Synchronization

/// A request on its way through a queue.
///
/// `@unchecked Sendable`: what can change is touched only with the queue's lock held.
package final class Ticket: @unchecked Sendable {
    typealias Outcome = Result<WorkResult, any Error>

    private static let nextID = Atomic<UInt64>(0)

    let id = Ticket.nextID.add(1, ordering: .relaxed).newValue
    let priority: Priority
    package let client: String
    let deadline: ContinuousClock.Instant

    private var continuation: CheckedContinuation<WorkResult, any Error>?
    private var results: [WorkResult?] = []
    private var missing = 0
    /// Whether it has its outcome, or was cancelled before it began to wait.
    private(set) var isOver = false

    package init(priority: Priority, client: String, deadline: ContinuousClock.Instant) {
        self.priority = priority
        self.client = client
        self.deadline = deadline
    }

    /// Begins to wait for so many parts.
    func begin(_ continuation: CheckedContinuation<WorkResult, any Error>, parts: Int) {
        self.continuation = continuation
        results = Array(repeating: nil, count: parts)
        missing = parts
    }

    /// Ends the wait; what is returned must be called once the lock is free. Only the first end counts.
    func end(_ outcome: Outcome) -> Resumption? {
        isOver = true
        defer { continuation = nil }
        return continuation.map { Resumption(continuation: $0, outcome: outcome) }
    }

    /// Takes the result of one part, and ends the wait when it was the last.
    func receive(_ result: WorkResult, part: Int) -> Resumption? {
        guard !isOver, results[part] == nil else { return nil }
        results[part] = result
        missing -= 1
        guard missing == 0 else { return nil }
        return end(WorkResult.joined(results.compactMap { $0 }))
    }
}

/// A request that is to be woken.
struct Resumption: Sendable {
    let continuation: CheckedContinuation<WorkResult, any Error>
    let outcome: Ticket.Outcome

    func callAsFunction() { continuation.resume(with: outcome) }
}
