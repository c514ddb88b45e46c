import CutisCore

/// Moves everything from one database to another, such as from SQLite to PostgreSQL.
public enum DatabaseCopy {
    /// What was copied.
    public struct Report: Sendable, Hashable {
        /// The tables with their numbers of rows and hashes, the same in both databases.
        public var tables: [TableDigest]
        /// The end of the audit trail.
        public var auditSequence: Int64
        /// The hash of its last entry.
        public var auditHash: String
        /// The migrations that were applied to the target afterwards, where the source is older than this version.
        public var migrated: [String]
    }

    /// Copies all tables into an empty database, in one transaction on each side.
    ///
    /// Before the target's commit every row is read back and compared with the source's by their hashes; a copy that
    /// differs in anything, or is stopped, leaves the target without rows. Stop the service first: what it writes
    /// during the copy is not copied.
    ///
    /// - Throws: `CutisError` with `.conflict` where the target is not empty, `.schemaMismatch`, `.storageCorrupt`
    ///   where the copies differ, `.noSpaceLeft` or `.storageUnavailable`.
    public static func run(from source: any Database, to target: any Database) async throws -> Report {
        let dialect = source.dialect
        let migrations = try await source.read { try TableLayout.migrations(of: $0, dialect: dialect) }
        guard !migrations.isEmpty else {
            throw CutisError(
                .schemaMismatch, "The source database is empty: it has no schema yet.",
                remedy: "Check which database is the source.")
        }
        try await TableLayout.prepare(target, migrations: migrations, source: "The source database")
        let channel = RowChannel()
        async let sending: Void = source.read { transaction in
            send(transaction, dialect: dialect, through: channel)
        }
        let targetDialect = target.dialect
        do {
            let report = try await target.write { transaction in
                defer { channel.stop() }
                return try receive(transaction, dialect: targetDialect, from: channel)
            }
            try await sending
            let migrated = try await Schema.migrate(target)
            return Report(
                tables: report.tables, auditSequence: report.auditSequence, auditHash: report.auditHash,
                migrated: migrated)
        } catch {
            channel.stop()
            // The sender finds the channel stopped, or has sent its own failure.
            try? await sending
            throw error
        }
    }

    private static func send(_ transaction: any Transaction, dialect: SQLDialect, through channel: RowChannel) {
        do {
            for layout in try TableLayout.all(in: transaction, dialect: dialect) {
                var digest = TableDigest.Builder(layout.name)
                try layout.forEachPage(in: transaction) { page in
                    digest.add(page)
                    try channel.send(.rows(table: layout.name, page))
                }
                try channel.send(.end(digest.digest))
            }
            try channel.send(.finished)
        } catch {
            try? channel.send(.failed(error))
        }
    }

    private static func receive(
        _ transaction: any Transaction, dialect: SQLDialect, from channel: RowChannel
    ) throws -> Report {
        try channel.take()
        let layouts = try TableLayout.all(in: transaction, dialect: dialect)
        let places = Dictionary(uniqueKeysWithValues: layouts.map { ($0.name, $0) })
        for layout in layouts { try layout.removeSeeds(in: transaction) }
        var sent: [TableDigest] = []
        receiving: while true {
            switch channel.receive() {
            case .rows(let table, let rows):
                guard let layout = places[table] else { throw different(table) }
                try layout.insert(rows, into: transaction)
            case .end(let digest): sent.append(digest)
            case .failed(let error): throw error
            case .finished: break receiving
            }
        }
        let arrived = try TableDigest.all(in: transaction, dialect: dialect)
        for (mine, theirs) in zip(arrived, sent) where mine != theirs { throw different(mine.table) }
        guard arrived.count == sent.count else { throw different("list of tables") }
        let head = try AuditRepository(transaction).head()
        return Report(tables: arrived, auditSequence: head.sequence, auditHash: head.hash, migrated: [])
    }

    private static func different(_ table: String) -> CutisError {
        CutisError(
            .storageCorrupt, "The copy of the table \(table) is not equal to the original.",
            remedy: "Nothing was kept in the target. Report this; check both databases' disks.")
    }
}
