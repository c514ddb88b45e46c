import CPQ
import CutisCore
import CutisStorage
import Foundation

/// One connection to the server, used on one thread.
final class PostgresSession {
    private let connection: OpaquePointer
    private let address: PostgresAddress
    private var statements: [String: PostgresStatement] = [:]
    /// The SQLSTATE and the error of the first statement that failed since the transaction began.
    private(set) var failure: (state: String?, error: CutisError)?

    /// Connects.
    ///
    /// - Throws: `CutisError` with `.storageUnavailable` or `.configInvalid`.
    init(_ address: PostgresAddress, _ options: PostgresOptions) throws(CutisError) {
        self.address = address
        var parameters = address.parameters.map { ($0.keyword, $0.value) }
        for (keyword, value) in Self.defaults(options) where address[keyword] == nil {
            parameters.append((keyword, value))
        }
        connection = try Self.connect(parameters, address)
        PQsetNoticeProcessor(connection, { _, _ in }, nil)
        // Where this throws, `deinit` ends the connection: every property has its value.
        try prepare(options)
    }

    deinit {
        PQfinish(connection)
    }

    /// Whether the connection is lost, as far as is known.
    var isBroken: Bool { PQstatus(connection) != CONNECTION_OK }

    /// The error of a statement that failed and that the body did not pass on. The server runs nothing more in such a
    /// transaction and would commit nothing at all.
    var hiddenError: CutisError? { PQtransactionStatus(connection) == PQTRANS_INERROR ? failure?.error : nil }

    /// Forgets the failures of the transaction before.
    func reset() {
        failure = nil
    }

    /// Runs one statement with arguments.
    func run(_ portable: String, _ arguments: [SQLValue]) throws(CutisError) -> PostgresResult {
        let statement = converted(portable)
        guard statement.argumentCount == arguments.count else {
            throw CutisError(
                .internalFailure,
                "A statement with \(statement.argumentCount) arguments was given \(arguments.count).",
                remedy: "This is a fault of the program; report it.")
        }
        let result = PostgresResult(try PostgresArguments(arguments).run(statement.text, on: connection))
        return try checked(result)
    }

    /// Runs statements without arguments, in one trip to the server.
    func control(_ statements: String) throws(CutisError) -> PostgresResult {
        try checked(PostgresResult(PQexec(connection, statements)))
    }

    private func checked(_ result: consuming PostgresResult) throws(CutisError) -> PostgresResult {
        if result.isSuccess { return result }
        let state = result.field(.state)
        let subject = [result.field(.table), result.field(.constraint)].compactMap { $0 }.joined(separator: ", ")
        let message = result.field(.message) ?? Self.message(connection)
        let error = PostgresFailure.error(
            state: state, message: message, subject: subject.isEmpty ? nil : subject, address: address)
        if failure == nil { failure = (state, error) }
        throw error
    }

    private func converted(_ portable: String) -> PostgresStatement {
        if let known = statements[portable] { return known }
        let statement = PostgresStatement(portable)
        // Statements are few and fixed, except for those that name a batch's size.
        if statements.count >= 512 { statements.removeAll() }
        statements[portable] = statement
        return statement
    }

    private func prepare(_ options: PostgresOptions) throws(CutisError) {
        let limit = Int(options.statementTimeout / .milliseconds(1))
        // What is acknowledged must survive the server's crash, whatever its configuration says; a stricter setting
        // (a standby that must have it too) stays.
        _ = try control(
            """
            SET statement_timeout = \(limit);
            SET idle_in_transaction_session_timeout = \(max(2 * limit, 60_000));
            SET bytea_output = 'hex';
            SET TimeZone = 'UTC';
            SELECT set_config('synchronous_commit', 'on', false)
            WHERE current_setting('synchronous_commit') IN ('off', 'local')
            """)
        let encoding = try control("SHOW server_encoding").rows().first?.text("server_encoding")
        guard encoding == "UTF8" else {
            throw CutisError(
                .configInvalid, "The PostgreSQL database at \(address) has the encoding \(encoding ?? "?"), not UTF8.",
                remedy: "Make the database with `createdb --encoding=UTF8 --template=template0`.")
        }
    }

    private static func defaults(_ options: PostgresOptions) -> [(String, String)] {
        [
            ("application_name", "cutis"), ("client_encoding", "UTF8"),
            ("connect_timeout", String(max(2, options.connectTimeout.components.seconds))),
            // A server that is gone without a word is noticed within a minute.
            ("keepalives_idle", "30"), ("keepalives_interval", "10"), ("keepalives_count", "3"),
            ("tcp_user_timeout", "60000"),
        ]
    }

    private static func connect(
        _ parameters: [(String, String)], _ address: PostgresAddress
    ) throws(CutisError) -> OpaquePointer {
        let keywords = parameters.map { strdup($0.0) } + [nil]
        let values = parameters.map { strdup($0.1) } + [nil]
        defer { (keywords + values).forEach { free($0) } }
        let connection = PQconnectdbParams(keywords.map { UnsafePointer($0) }, values.map { UnsafePointer($0) }, 0)
        guard let connection else {
            throw CutisError(.outOfMemory, "No memory for a connection to \(address).", remedy: "Free some memory.")
        }
        guard PQstatus(connection) == CONNECTION_OK else {
            defer { PQfinish(connection) }
            throw refusal(message(connection), address)
        }
        return connection
    }

    /// Before a connection stands, libpq gives a message without a SQLSTATE.
    private static func refusal(_ message: String, _ address: PostgresAddress) -> CutisError {
        let state: String? =
            if message.contains("authentication failed") || message.contains("no pg_hba.conf entry")
                || message.contains("no password supplied")
            {
                "28P01"
            } else if message.contains("database \"\(address["dbname"] ?? "")\" does not exist") {
                "3D000"
            } else {
                nil
            }
        return PostgresFailure.error(state: state, message: message, subject: nil, address: address)
    }

    private static func message(_ connection: OpaquePointer) -> String {
        let text = PQerrorMessage(connection).map { String(cString: $0) } ?? ""
        let password = PQpass(connection).map { String(cString: $0) }
        return PostgresFailure.clean(text, hiding: password)
    }
}

/// A transaction on a session; it ends with the body that was given it.
struct PostgresTransaction: Transaction {
    let session: PostgresSession

    func query(_ statement: String, _ arguments: [SQLValue]) throws -> [SQLRow] {
        try session.run(statement, arguments).rows()
    }

    func execute(_ statement: String, _ arguments: [SQLValue]) throws -> Int {
        try session.run(statement, arguments).changeCount
    }
}
