import CutisStorage
import GRDB
import Synchronization

/// Runs writes one after another and commits those together that arrive while a commit is running.
///
/// A commit waits for the disk, which takes far longer than the statements. Each write has a savepoint of its own, so
/// that one that fails undoes itself alone, and each caller returns only when the commit that holds its write is on the
/// disk. Where the database itself ends a transaction (the disk is full), nothing of it is kept and all are told.
final class GroupCommit: Sendable {
    private struct Job: Sendable {
        /// Runs the body and keeps its result until the commit.
        let run: @Sendable (any Transaction) throws -> Void
        /// Hands the result, or the error, to the caller.
        let finish: @Sendable ((any Error)?) -> Void
    }

    private struct State {
        var pending: [Job] = []
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
        let box = ResultBox<Result>()
        return try await withCheckedThrowingContinuation { continuation in
            enqueue(
                Job(
                    run: { transaction in box.keep(try body(transaction)) },
                    finish: { error in
                        if let error {
                            continuation.resume(throwing: error)
                        } else {
                            continuation.resume(with: box.take())
                        }
                    }))
        }
    }

    private func enqueue(_ job: Job) {
        let mustStart = state.withLock { state in
            state.pending.append(job)
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

    private func commit(_ group: [Job], on connection: GRDB.Database) {
        let transaction = SQLiteTransaction(connection: connection, path: pool.path)
        var failures: [Int: any Error] = [:]
        var common: (any Error)?
        do {
            try connection.inTransaction(.immediate) {
                for (index, job) in group.enumerated() {
                    do {
                        try connection.inSavepoint {
                            try job.run(transaction)
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
        for (index, job) in group.enumerated() {
            job.finish(failures[index].map { SQLiteFailure.translated($0, path: pool.path) } ?? common)
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
            // A job is only finished without an error after its body returned.
            return .failure(CancellationError())
        }
        return .success(value)
    }
}
