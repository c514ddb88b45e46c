extension TombstoneRecord: StoredRecord {
    static let table = "tombstone"
    static let columns = ["kind", "id", "reason", "deleted_at"]

    var values: [SQLValue] { [.text(kind), .text(id), .text(reason), .integer(deletedAt)] }

    init(row: SQLRow) throws {
        self.init(
            kind: try row.text("kind"), id: try row.text("id"), reason: try row.text("reason"),
            deletedAt: try row.integer("deleted_at"))
    }
}

/// What was deleted, for the whole installation: identifiers alone, so that a restored backup deletes them again.
public struct TombstoneRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Remembers a deletion; one that is known already keeps its time and reason.
    public func insert(_ record: TombstoneRecord) throws {
        _ = try record.insertIfNew(into: transaction)
    }

    /// Whether something was deleted.
    public func contains(kind: String, id: String) throws -> Bool {
        try !transaction.query("SELECT id FROM tombstone WHERE kind = ? AND id = ?", [.text(kind), .text(id)]).isEmpty
    }

    /// The deletions, newest first.
    public func list(limit: Int, before: PageCursor? = nil) throws -> [TombstoneRecord] {
        try RecordQuery<TombstoneRecord>()
            .page(limit: limit, before: before, timeColumn: "deleted_at", in: transaction)
    }
}
