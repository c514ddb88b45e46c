import CutisCore
import CutisStorage
import Synchronization

/// One write on its way to the server.
struct PostgresWrite: Sendable {
    /// Runs the body and keeps its result until the commit.
    let run: @Sendable (any Transaction) throws -> Void
    /// Hands the result, or the error, to the caller.
    let finish: @Sendable ((any Error)?) -> Void
}

/// The connection that writes: what arrives while a commit is under way is committed together, since a commit waits for
/// the server's disk far longer than a statement takes.
final class PostgresWriter: Sendable {
    private struct State {
        var pending: [PostgresWrite] = []
        var isRunning = false
        var isClosed = false
    }

    /// How many writes share a commit at most, so that none waits for a long queue of others.
    private static let largestGroup = 64

    private let address: PostgresAddress
    private let connection: PostgresConnection
    private let state = Mutex(State())

    init(_ address: PostgresAddress, _ options: PostgresOptions) {
        self.address = address
        connection = PostgresConnection(address, options)
    }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        let kept = ResultBox<Result>()
        return try await withCheckedThrowingContinuation { continuation in
            enqueue(
                PostgresWrite(
                    run: { transaction in kept.keep(try body(transaction)) },
                    finish: { error in
                        if let error {
                            continuation.resume(throwing: error)
                        } else {
                            continuation.resume(with: kept.take())
                        }
                    }))
        }
    }

    /// Runs statements outside of a transaction, between two groups of writes.
    func maintain(_ statements: [String]) async throws {
        if state.withLock({ $0.isClosed }) { throw PostgresFailure.closed(address) }
        try await connection.maintain(statements)
    }

    /// Refuses further writes and ends the connection after those that came before.
    func close() async {
        state.withLock { $0.isClosed = true }
        while state.withLock({ $0.isRunning }) { try? await Task.sleep(for: .milliseconds(2)) }
        await connection.disconnect()
    }

    private func enqueue(_ write: PostgresWrite) {
        let mustStart = state.withLock { state -> Bool? in
            if state.isClosed { return nil }
            state.pending.append(write)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        guard let mustStart else { return write.finish(PostgresFailure.closed(address)) }
        if mustStart { Task { await runGroups() } }
    }

    private func runGroups() async {
        while let group = nextGroup() {
            let failures = await connection.commit(group)
            for (write, failure) in zip(group, failures) { write.finish(failure) }
        }
    }

    private func nextGroup() -> [PostgresWrite]? {
        state.withLock { state in
            let group = Array(state.pending.prefix(Self.largestGroup))
            state.pending.removeFirst(group.count)
            state.isRunning = !group.isEmpty
            return group.isEmpty ? nil : group
        }
    }
}

/// A result between the statement that made it and the commit that lets it out.
private final class ResultBox<Value: Sendable>: Sendable {
    private let value = Mutex<Value?>(nil)

    func keep(_ value: Value) {
        self.value.withLock { $0 = value }
    }

    func take() -> Result<Value, any Error> {
        guard let value = value.withLock({ $0 }) else {
            // A write is only finished without an error after its body returned.
            return .failure(CancellationError())
        }
        return .success(value)
    }
}
