import CutisCore
import CutisStorage
import Synchronization

/// The connection that writes: what arrives while a commit is under way is committed together, since a commit waits for
/// the server's disk far longer than a statement takes.
final class PostgresWriter: Sendable {
    private struct State {
        var pending: [PendingWrite] = []
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
        try await PendingWrite.result(of: body, enqueue: enqueue)
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

    private func enqueue(_ write: PendingWrite) {
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

    private func nextGroup() -> [PendingWrite]? {
        state.withLock { state in
            let group = Array(state.pending.prefix(Self.largestGroup))
            state.pending.removeFirst(group.count)
            state.isRunning = !group.isEmpty
            return group.isEmpty ? nil : group
        }
    }
}
