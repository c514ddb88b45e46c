extension FeedbackRecord: StoredRecord {
    static let table = "feedback"
    static let columns = ["id", "analysis_id", "clinic_id", "user_id", "kind", "label", "note", "created_at"]

    var values: [SQLValue] {
        [
            .text(id), .text(analysisID), .text(clinicID), .text(userID), .text(kind.rawValue), .text(label),
            SQLValue(note), .integer(createdAt),
        ]
    }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), analysisID: try row.text("analysis_id"), clinicID: try row.text("clinic_id"),
            userID: try row.text("user_id"), kind: try row.choice("kind"), label: try row.text("label"),
            note: try row.optionalText("note"), createdAt: try row.integer("created_at"))
    }
}

/// What clinicians say of analyses.
public struct FeedbackRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds feedback.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id is taken, the user is unknown, or the analysis is not one
    ///   of the clinic.
    public func insert(_ record: FeedbackRecord) throws {
        try record.insert(into: transaction)
    }

    /// Feedback by id.
    public func find(_ id: String, clinicID: String?) throws -> FeedbackRecord? {
        var query = RecordQuery<FeedbackRecord>()
        query.require("feedback.id = ?", .text(id))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// What was said of an analysis, oldest first.
    public func list(analysisID: String, clinicID: String?) throws -> [FeedbackRecord] {
        var query = RecordQuery<FeedbackRecord>()
        query.tenant(clinicID)
        query.require("feedback.analysis_id = ?", .text(analysisID))
        return try query.all(limit: nil, order: "feedback.created_at, feedback.id", in: transaction)
    }

    /// The feedback that one sees, of one kind or of all, newest first.
    public func list(
        clinicID: String?, kind: FeedbackRecord.Kind? = nil, limit: Int, before: PageCursor? = nil
    ) throws -> [FeedbackRecord] {
        var query = RecordQuery<FeedbackRecord>()
        query.tenant(clinicID)
        if let kind { query.require("feedback.kind = ?", .text(kind.rawValue)) }
        return try query.page(limit: limit, before: before, in: transaction)
    }
}
