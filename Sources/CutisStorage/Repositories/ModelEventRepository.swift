extension ModelEventRecord: StoredRecord {
    static let table = "model_event"
    static let columns = ["id", "model_id", "model_version", "model_hash", "event", "user_id", "created_at"]

    var values: [SQLValue] {
        [
            .text(id), .text(modelID), .text(modelVersion), .text(modelHash), .text(event), .text(userID),
            .integer(createdAt),
        ]
    }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), modelID: try row.text("model_id"), modelVersion: try row.text("model_version"),
            modelHash: try row.text("model_hash"), event: try row.text("event"), userID: try row.text("user_id"),
            createdAt: try row.integer("created_at"))
    }
}

/// The history of the models of an installation: which was in production when.
public struct ModelEventRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds an event.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id is taken.
    public func insert(_ record: ModelEventRecord) throws {
        try record.insert(into: transaction)
    }

    /// The events, newest first.
    public func list(limit: Int, before: PageCursor? = nil) throws -> [ModelEventRecord] {
        try RecordQuery<ModelEventRecord>().page(limit: limit, before: before, in: transaction)
    }

    /// The last event of a kind at or before a time: with `activated`, the model that was in production then.
    public func last(event: String, at time: Int64) throws -> ModelEventRecord? {
        var query = RecordQuery<ModelEventRecord>()
        query.require("model_event.event = ? AND model_event.created_at <= ?", .text(event), .integer(time))
        return try query.page(limit: 1, before: nil, in: transaction).first
    }
}
