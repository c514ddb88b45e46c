import CutisCore
import CutisStorage
import Foundation

/// A connection with a thread of its own, made when it is first used and made anew when it is lost.
actor PostgresConnection {
    private let address: PostgresAddress
    private let options: PostgresOptions
    private let thread = DedicatedThread(name: "cutis-postgres", stackSize: 2 << 20)
    private var session: PostgresSession?

    nonisolated var unownedExecutor: UnownedSerialExecutor { thread.asUnownedSerialExecutor() }

    init(_ address: PostgresAddress, _ options: PostgresOptions) {
        self.address = address
        self.options = options
    }

    /// Runs a body that only reads; it sees one state of the database.
    func read<Result: Sendable>(_ body: @Sendable (any Transaction) throws -> Result) throws -> Result {
        try repeating { session in
            _ = try session.control("BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY")
            let result = try body(PostgresTransaction(session: session))
            if let error = session.hiddenError { throw error }
            _ = try session.control("COMMIT")
            return result
        }
    }

    /// Runs writes in order and commits them together.
    ///
    /// Writers come one after another, as in SQLite: the lock is taken before the first statement looks at the data, so
    /// that each sees everything that was committed before it, and nothing that it has read changes before it ends.
    /// The audit trail would put them in a row anyway, since each entry needs the hash of the one before.
    ///
    /// - Returns: the error of each write that was undone, nil for each that is on the server's disk.
    func commit(_ writes: [PendingWrite]) -> [(any Error)?] {
        var failures = [(any Error)?](repeating: nil, count: writes.count)
        do {
            try repeating { session in
                _ = try session.control(Self.beginWriting)
                let transaction = PostgresTransaction(session: session)
                for (index, write) in writes.enumerated() {
                    failures[index] = nil
                    do {
                        try Self.run(write, alone: writes.count == 1, in: transaction)
                    } catch let failure as WriteFailure {
                        failures[index] = failure.error
                    }
                }
                try commit(session)
            }
            return failures
        } catch {
            return failures.map { $0 ?? error }
        }
    }

    /// Runs statements outside of a transaction, without a limit of time.
    func maintain(_ statements: [String]) throws {
        let session = try connected()
        session.reset()
        // Whatever happens, the next use begins with a fresh connection and its limits.
        defer { self.session = nil }
        for statement in ["SET statement_timeout = 0"] + statements { _ = try session.control(statement) }
    }

    /// Ends the connection.
    func disconnect() {
        session = nil
    }

    /// The lock's number is "cutis" in ASCII; it is the database's own.
    private static let beginWriting =
        "BEGIN ISOLATION LEVEL READ COMMITTED; SELECT pg_advisory_xact_lock(\(0x63_75_74_69_73 as Int64))"

    /// A write that failed and undid itself; the others of its group go on.
    private struct WriteFailure: Error {
        let error: any Error
    }

    /// A commit that was refused, or of which nothing is known: it must not be tried again.
    private struct CommitFailure: Error {
        let error: CutisError
    }

    private static func run(_ write: PendingWrite, alone: Bool, in transaction: PostgresTransaction) throws {
        let session = transaction.session
        if !alone { _ = try session.control("SAVEPOINT write") }
        do {
            try write.run(transaction)
            if let error = session.hiddenError { throw error }
            if !alone { _ = try session.control("RELEASE SAVEPOINT write") }
        } catch {
            if alone || session.isBroken || PostgresFailure.isTransient(session.failure?.state) { throw error }
            _ = try session.control("ROLLBACK TO SAVEPOINT write; RELEASE SAVEPOINT write")
            session.reset()
            throw WriteFailure(error: error)
        }
    }

    private func commit(_ session: PostgresSession) throws {
        do {
            let command = try session.control("COMMIT").command
            guard command == "COMMIT" else {
                throw CutisError(
                    .internalFailure, "A transaction was undone at its end (\(command)).",
                    remedy: "This is a fault of the program; report it.")
            }
        } catch let error as CutisError {
            if !session.isBroken { throw error }
            throw CommitFailure(
                error: PostgresFailure.unavailable(
                    address, "the connection was lost while a change was being committed",
                    remedy: "Look whether it was made before you send it again; an idempotency key makes that safe."
                ))
        }
    }

    /// Runs a transaction, and runs it again where that is sure to do nothing twice: the connection was lost before
    /// the commit was sent, or the server ended the transaction in favour of another one.
    private func repeating<Result>(_ transaction: (PostgresSession) throws -> Result) throws -> Result {
        var isReconnected = false
        var conflicts: UInt32 = 0
        while true {
            let session = try connected()
            session.reset()
            do {
                return try transaction(session)
            } catch let stop as CommitFailure {
                self.session = nil
                throw stop.error
            } catch {
                let isTransient = PostgresFailure.isTransient(session.failure?.state)
                if session.isBroken {
                    self.session = nil
                    if isReconnected { throw error }
                    isReconnected = true
                } else {
                    undo(session)
                    conflicts += 1
                    guard isTransient, conflicts < 5 else { throw error }
                    usleep(UInt32.random(in: 1000...10_000) << conflicts)
                }
            }
        }
    }

    private func connected() throws(CutisError) -> PostgresSession {
        if let session, !session.isBroken { return session }
        session = nil
        let fresh = try PostgresSession(address, options)
        session = fresh
        return fresh
    }

    private func undo(_ session: PostgresSession) {
        do {
            _ = try session.control("ROLLBACK")
        } catch {
            self.session = nil
        }
    }
}
