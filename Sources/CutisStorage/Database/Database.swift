/// One transaction of a database, used on the thread that runs it.
///
/// Statements are portable SQL with `?` for arguments in order; a driver turns them into what its database wants.
public protocol Transaction {
    /// The rows that a statement gives.
    ///
    /// - Throws: `CutisError` with `.storageUnavailable`, `.storageCorrupt`, `.noSpaceLeft`, `.conflict` where a
    ///   uniqueness or a foreign key is violated, or `.dataInvalid` for a text with a zero byte.
    func query(_ statement: String, _ arguments: [SQLValue]) throws -> [SQLRow]

    /// Runs a statement.
    ///
    /// - Returns: how many rows changed.
    @discardableResult
    func execute(_ statement: String, _ arguments: [SQLValue]) throws -> Int
}

/// A database that keeps what the service must not lose: SQLite in a file, or PostgreSQL.
///
/// The contract that both drivers keep is `DatabaseContractTests`.
public protocol Database: Sendable {
    /// Which dialect the driver speaks, for the few statements that differ.
    var dialect: SQLDialect { get }

    /// Runs a body that only reads, beside others; it sees one state of the database.
    func read<Result: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Result) async throws -> Result

    /// Runs a body in a transaction of its own and commits it; whatever it throws undoes all of it.
    ///
    /// When this returns, what was written survives a crash of the process and of the machine.
    @discardableResult
    func write<Result: Sendable>(_ body: @escaping @Sendable (any Transaction) throws -> Result) async throws -> Result

    /// Takes what was deleted out of the database's files too (logs, free pages), so that it cannot be read from them.
    func eraseRemains() async throws

    /// Ends all connections; later calls throw `.storageUnavailable`.
    func close() async
}

/// The dialects of SQL that the drivers speak.
public enum SQLDialect: String, Sendable, CaseIterable {
    case sqlite, postgresql
}
