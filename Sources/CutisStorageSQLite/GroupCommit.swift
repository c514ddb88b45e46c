import CutisStorage
import GRDB
import Synchronization

/// Runs writes one after another and commits those together that arrive while a commit is running.
///
/// A commit waits for the disk, which takes far longer than the statements. Each write has a savepoint of its own, so
/// that one that fails undoes itself alone, and each caller returns only when the commit that holds its write is on the
/// disk. Where the database itself ends a transaction (the disk is full), nothing of it is kept and all are told.
final class GroupCommit: Sendable {
    private struct State {
        var pending: [PendingWrite] = []
        var isRunning = false
    }

    /// How many writes share a commit at most, so that none waits for a long queue of others.
    private static let largestGroup = 256

    private let pool: DatabasePool
    private let state = Mutex(State())

    init(_ pool: DatabasePool) {
        self.pool = pool
    }

    func write<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        try await PendingWrite.result(of: body, enqueue: enqueue)
    }

    private func enqueue(_ write: PendingWrite) {
        let mustStart = state.withLock { state in
            state.pending.append(write)
            defer { state.isRunning = true }
            return !state.isRunning
        }
        if mustStart { runNextGroup() }
    }

    private func runNextGroup() {
        pool.asyncWriteWithoutTransaction { [self] connection in
            let group = state.withLock { state in
                let group = Array(state.pending.prefix(Self.largestGroup))
                state.pending.removeFirst(group.count)
                return group
            }
            commit(group, on: connection)
            let isDone = state.withLock { state in
                state.isRunning = !state.pending.isEmpty
                return !state.isRunning
            }
            if !isDone { runNextGroup() }
        }
    }

    private func commit(_ group: [PendingWrite], on connection: GRDB.Database) {
        let transaction = SQLiteTransaction(connection: connection, path: pool.path)
        var failures: [Int: any Error] = [:]
        var common: (any Error)?
        do {
            try connection.inTransaction(.immediate) {
                for (index, write) in group.enumerated() {
                    do {
                        try connection.inSavepoint {
                            try write.run(transaction)
                            return .commit
                        }
                    } catch {
                        guard connection.isInsideTransaction else { throw error }
                        failures[index] = error
                    }
                }
                return .commit
            }
        } catch {
            common = SQLiteFailure.translated(error, path: pool.path)
        }
        for (index, write) in group.enumerated() {
            write.finish(failures[index].map { SQLiteFailure.translated($0, path: pool.path) } ?? common)
        }
    }
}
