/// What a store that is about to be replaced knows and an older backup does not: what was deleted, and who was shut
/// out, since.
public struct PresentState: Sendable, Hashable {
    /// What was deleted.
    public var tombstones: [TombstoneRecord]
    /// When keys were revoked, by their identifiers.
    public var revokedKeys: [String: Int64]
    /// When users were disabled, by their identifiers.
    public var disabledUsers: [String: Int64]

    /// Joins the parts; without any, nothing is known.
    public init(
        tombstones: [TombstoneRecord] = [], revokedKeys: [String: Int64] = [:], disabledUsers: [String: Int64] = [:]
    ) {
        self.tombstones = tombstones
        self.revokedKeys = revokedKeys
        self.disabledUsers = disabledUsers
    }

    /// Reads it from a database.
    public init(of database: any Database) async throws {
        self = try await database.read { transaction in
            PresentState(
                tombstones: try transaction.query(
                    "SELECT kind, id, reason, deleted_at FROM tombstone ORDER BY kind, id", []
                ).map { try TombstoneRecord(row: $0) },
                revokedKeys: try Self.times("api_key", "revoked_at", transaction),
                disabledUsers: try Self.times("user_account", "disabled_at", transaction))
        }
    }

    /// Writes it over what a backup brought back.
    func apply(in transaction: any Transaction) throws {
        for tombstone in tombstones { try TombstoneRepository(transaction).insert(tombstone) }
        for (table, column, times) in [
            ("api_key", "revoked_at", revokedKeys), ("user_account", "disabled_at", disabledUsers),
        ] {
            for (id, time) in times {
                try transaction.execute(
                    "UPDATE \(table) SET \(column) = ? WHERE id = ? AND \(column) IS NULL",
                    [.integer(time), .text(id)])
            }
        }
    }

    private static func times(
        _ table: String, _ column: String, _ transaction: any Transaction
    ) throws -> [String: Int64] {
        let rows = try transaction.query("SELECT id, \(column) AS time FROM \(table) WHERE \(column) IS NOT NULL", [])
        return Dictionary(uniqueKeysWithValues: try rows.map { (try $0.text("id"), try $0.integer("time")) })
    }
}
