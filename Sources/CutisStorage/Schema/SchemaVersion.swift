import CutisCore

/// What a database remembers of the migrations that made it, and what its schema is now.
struct SchemaVersion {
    /// The table of the migrations: the step's place, name and checksum, and the schema that it left behind.
    static let table = "schema_migrations"

    private struct Step {
        let name, checksum, result: String
    }

    private let steps: [Step]
    private let now: SchemaDescription

    /// Asks the database that a transaction is on.
    init(of transaction: any Transaction, dialect: SQLDialect) throws {
        now = try SchemaDescription(of: transaction, dialect: dialect)
        let exists =
            switch dialect {
            case .sqlite: "SELECT name FROM sqlite_master WHERE type = 'table' AND name = ?"
            case .postgresql:
                """
                SELECT CAST(tablename AS TEXT) AS name FROM pg_tables
                WHERE schemaname = current_schema() AND tablename = ?
                """
            }
        guard try !transaction.query(exists, [.text(Self.table)]).isEmpty else {
            steps = []
            return
        }
        steps = try transaction.query("SELECT name, checksum, result FROM \(Self.table) ORDER BY place", []).map {
            Step(name: try $0.text("name"), checksum: try $0.text("checksum"), result: try $0.text("result"))
        }
    }

    /// Lets one process migrate at a time; SQLite has one writer anyway.
    static func lock(_ transaction: any Transaction, dialect: SQLDialect) throws {
        if dialect == .postgresql {
            _ = try transaction.query("SELECT 1 AS done FROM pg_advisory_xact_lock(4851904173)", [])
        }
    }

    /// The steps of a list that the database does not have yet.
    ///
    /// - Throws: `CutisError` with `.schemaMismatch` where what it has is not the beginning of the list, or where its
    ///   schema is not what its last step left behind.
    func missing(in migrations: [Migration]) throws(CutisError) -> [Migration] {
        for (step, migration) in zip(steps, migrations) {
            guard step.name == migration.name else {
                throw Schema.mismatch(
                    "The database has the migration \(step.name) where this version has \(migration.name).",
                    remedy: "It was made by another program or branch: use the version of Cutis that made it.")
            }
            guard step.checksum == migration.checksum else {
                throw Schema.mismatch(
                    "The migration \(step.name) that made the database is not the one of this version.",
                    remedy: "Use the version of Cutis that made the database, or restore a backup of a released one.")
            }
        }
        if steps.count > migrations.count {
            let names = steps.dropFirst(migrations.count).map(\.name).joined(separator: ", ")
            throw Schema.mismatch(
                "The database is newer than this version of Cutis: it has the migrations \(names).",
                remedy: "Install the version that made it, or restore a backup from before with `cutis restore`.")
        }
        try checkResult()
        return Array(migrations.dropFirst(steps.count))
    }

    /// Runs a step and remembers it.
    func apply(_ migration: Migration, in transaction: any Transaction, dialect: SQLDialect) throws {
        if steps.isEmpty {
            for statement in Self.beginning.statements(for: dialect) { try transaction.execute(statement, []) }
        }
        for statement in migration.statements(for: dialect) { try transaction.execute(statement, []) }
        let result = try SchemaDescription(of: transaction, dialect: dialect)
        try transaction.execute(
            "INSERT INTO \(Self.table) (place, name, checksum, result, applied_at) VALUES (?, ?, ?, ?, ?)",
            [
                .integer(Int64(steps.count + 1)), .text(migration.name), .text(migration.checksum),
                .text(result.lines.joined(separator: "\n")), .integer(Timestamp.now),
            ])
    }

    private func checkResult() throws(CutisError) {
        let remembered = (steps.last?.result ?? "").split(separator: "\n").map(String.init)
        let differences = now.differences(from: SchemaDescription(lines: remembered))
        guard !differences.isEmpty else { return }
        let some = differences.prefix(3).joined(separator: "; ")
        let more = differences.count > 3 ? " and \(differences.count - 3) more" : ""
        if steps.isEmpty {
            throw Schema.mismatch(
                "The database is not empty, and not one of Cutis: \(some)\(more).",
                remedy: "Give an empty database, or the one that Cutis made.")
        }
        throw Schema.mismatch(
            "The database is half-migrated or was changed by hand; after \(steps[steps.count - 1].name): \(some)\(more).",
            remedy: "Stop the service and restore the newest backup with `cutis restore`; nothing was changed.")
    }

    private static let beginning = Migration(
        name: table,
        statements: [
            .both(
                """
                CREATE TABLE IF NOT EXISTS \(table) (
                    place {integer} NOT NULL PRIMARY KEY,
                    name {text} NOT NULL UNIQUE,
                    checksum {text} NOT NULL,
                    result {text} NOT NULL,
                    applied_at {integer} NOT NULL
                ) {strict}
                """)
        ])
}
