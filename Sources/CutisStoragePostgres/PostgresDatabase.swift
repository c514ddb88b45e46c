import CutisCore
public import CutisStorage

/// A PostgreSQL database (13 or newer) through libpq, with one connection that writes and several that read.
///
/// Each connection has a thread of its own, so that Swift's shared threads never wait for the server. Writes, of this
/// process and of others on the same database, come one after another by an advisory lock: the audit trail is a chain,
/// and what a transaction has read stays true until it is committed. Writes that come at the same time share a commit,
/// each with a savepoint of its own. A lost server is connected to again at the next call; a call that was under way is
/// repeated where nothing was committed yet, so that a body may run more than once.
public struct PostgresDatabase: Database {
    /// Where the database is; its description has no password.
    public let address: PostgresAddress
    private let writer: PostgresWriter
    private let readers: PostgresPool

    /// Connects.
    ///
    /// - Parameters:
    ///   - url: `postgresql://user:password@host:port/database?sslmode=…` (`PostgresAddress`).
    ///   - options: the number of connections and the limits of time.
    /// - Throws: `CutisError` with `.configInvalid` for an address that is none or a database that is not in UTF-8, or
    ///   `.storageUnavailable`.
    public static func open(_ url: String, options: PostgresOptions = PostgresOptions()) async throws -> Self {
        guard options.connections >= 2 else {
            throw CutisError(
                .configInvalid, "PostgreSQL is to be used with \(options.connections) connections.",
                remedy: "Allow at least 2: one writes, the others read.")
        }
        let database = Self(try PostgresAddress(url), options)
        _ = try await database.read { try $0.query("SELECT 1 AS one", []) }
        return database
    }

    private init(_ address: PostgresAddress, _ options: PostgresOptions) {
        self.address = address
        writer = PostgresWriter(address, options)
        readers = PostgresPool(address, options, limit: options.connections - 1)
    }

    /// PostgreSQL's.
    public var dialect: SQLDialect { .postgresql }

    /// Runs a body that only reads on one of the reading connections; statements that write are refused.
    public func read<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        try await readers.lend { try await $0.read(body) }
    }

    /// Runs a body on the writing connection; when this returns, the server has the commit on its disk.
    @discardableResult
    public func write<Result: Sendable>(
        _ body: @escaping @Sendable (any Transaction) throws -> Result
    ) async throws -> Result {
        try await writer.write(body)
    }

    /// Writes every table anew without its deleted rows; the old files are removed by the server.
    ///
    /// The server's log keeps what was deleted until it is recycled, and archives of it as long as their keeper wants.
    public func eraseRemains() async throws {
        let tables = try await read { transaction in
            try transaction.query(
                """
                SELECT quote_ident(tablename) AS name FROM pg_tables
                WHERE schemaname = current_schema() ORDER BY tablename
                """, []
            ).map { try $0.text("name") }
        }
        try await writer.maintain(tables.map { "VACUUM (FULL) \($0)" })
    }

    /// Ends all connections; writes that came before are committed.
    public func close() async {
        await writer.close()
        await readers.close()
    }
}
