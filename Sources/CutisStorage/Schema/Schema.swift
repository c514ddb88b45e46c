import CutisCore

/// The schema of the service's database: its migrations, and whether a database has them.
public enum Schema {
    /// All steps in order. A new one goes to the end; none is ever changed, renamed or taken out.
    public static let migrations: [Migration] = [.accounts, .cases, .operations]

    /// The tables that hold data, each after those that it refers to: the order in which rows can be copied.
    public static let tables = [
        "clinic", "user_account", "api_key", "web_session", "patient", "visit", "analysis", "image", "feedback",
        "audit", "audit_head", "idempotency", "tombstone", "model_event", "setting",
    ]

    /// Brings a database to this version's schema, each missing step in a transaction of its own, and checks the whole.
    ///
    /// Several processes may do so at once: one works, the others find it done.
    ///
    /// - Returns: the names of the steps that were missing.
    /// - Throws: `CutisError` with `.schemaMismatch` for a schema that is newer, unknown, half-made or changed by hand,
    ///   which is left as it is.
    @discardableResult
    public static func migrate(_ database: any Database) async throws -> [String] {
        try await migrate(database, to: migrations)
    }

    /// Checks that a database has exactly this version's schema, without changing anything.
    ///
    /// - Throws: `CutisError` with `.schemaMismatch`.
    public static func check(_ database: any Database) async throws {
        let dialect = database.dialect
        let missing = try await database.read { try SchemaVersion(of: $0, dialect: dialect).missing(in: migrations) }
        guard missing.isEmpty else {
            throw mismatch(
                "The database lacks the migrations \(missing.map(\.name).joined(separator: ", ")).",
                remedy: "Start `cutis serve`, which applies them.")
        }
    }

    /// The same for a list of steps, so that a test can have an older or a longer one.
    package static func migrate(_ database: any Database, to migrations: [Migration]) async throws -> [String] {
        let dialect = database.dialect
        let known = try await database.read {
            try SchemaVersion(of: $0, dialect: dialect).missing(in: migrations)
        }
        var applied: [String] = []
        for migration in known {
            let isNew = try await database.write { transaction in
                try SchemaVersion.lock(transaction, dialect: dialect)
                let version = try SchemaVersion(of: transaction, dialect: dialect)
                guard try version.missing(in: migrations).first?.name == migration.name else { return false }
                try version.apply(migration, in: transaction, dialect: dialect)
                return true
            }
            if isNew { applied.append(migration.name) }
        }
        return applied
    }

    static func mismatch(_ message: String, remedy: String) -> CutisError {
        CutisError(.schemaMismatch, message, remedy: remedy)
    }
}
