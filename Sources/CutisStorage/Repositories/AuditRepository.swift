import CutisCore

extension AuditRecord: StoredRecord {
    static let table = "audit"
    static let columns = [
        "sequence", "occurred_at", "actor", "clinic_id", "action", "subject", "model_hash", "input_hash", "threshold",
        "outcome", "details", "previous_hash", "hash",
    ]

    var values: [SQLValue] {
        [
            .integer(sequence), .integer(time), .text(actor), SQLValue(clinicID), .text(action), .text(subject),
            SQLValue(modelHash), SQLValue(inputHash), SQLValue(threshold), .text(outcome), .text(details),
            .text(previousHash), .text(hash),
        ]
    }

    init(row: SQLRow) throws {
        self.init(
            sequence: try row.integer("sequence"), time: try row.integer("occurred_at"), actor: try row.text("actor"),
            clinicID: try row.optionalText("clinic_id"), action: try row.text("action"),
            subject: try row.text("subject"), modelHash: try row.optionalText("model_hash"),
            inputHash: try row.optionalText("input_hash"), threshold: try row.optionalReal("threshold"),
            outcome: try row.text("outcome"), details: try row.text("details"),
            previousHash: try row.text("previous_hash"), hash: try row.text("hash"))
    }
}

/// The end of the audit trail.
public struct AuditHead: Sendable, Hashable {
    /// The last entry's place; 0 before the first.
    public let sequence: Int64
    /// The last entry's hash; 64 zeros before the first.
    public let hash: String
}

/// The entries of the audit trail, which can be added and read, and nothing else.
public struct AuditRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// The end of the trail, without waiting for anybody.
    public func head() throws -> AuditHead {
        try head(of: transaction.query("SELECT sequence, hash FROM audit_head WHERE place = 1", []))
    }

    /// The end of the trail, to which only this transaction can append until it ends. Take it late: others wait.
    public func lockHead() throws -> AuditHead {
        try head(
            of: transaction.query(
                "UPDATE audit_head SET sequence = sequence WHERE place = 1 RETURNING sequence, hash", []))
    }

    /// Adds an entry to the end of the trail.
    ///
    /// - Throws: `CutisError` with `.conflict` where the entry does not follow the last one.
    public func append(_ record: AuditRecord) throws {
        let moved = try transaction.execute(
            "UPDATE audit_head SET sequence = ?, hash = ? WHERE place = 1 AND sequence = ? AND hash = ?",
            [
                .integer(record.sequence), .text(record.hash), .integer(record.sequence - 1),
                .text(record.previousHash),
            ])
        guard moved == 1 else {
            throw CutisError(
                .conflict, "The audit entry \(record.sequence) does not follow the last one.",
                remedy: "Take the head with lockHead() in the same transaction.")
        }
        try record.insert(into: transaction)
    }

    /// The whole trail in order, for verification and export by those who look after the installation.
    ///
    /// - Parameter after: the place of the last entry of the page before; 0 for the first page.
    public func chain(after: Int64, limit: Int) throws -> [AuditRecord] {
        var query = RecordQuery<AuditRecord>()
        query.require("audit.sequence > ?", .integer(after))
        return try query.all(limit: limit, order: "audit.sequence", in: transaction)
    }

    /// The entry at a place.
    public func find(sequence: Int64, clinicID: String?) throws -> AuditRecord? {
        var query = RecordQuery<AuditRecord>()
        query.require("audit.sequence = ?", .integer(sequence))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// The entries that one sees, about one object or all, newest first.
    ///
    /// - Parameter before: the place of the last entry of the page before.
    public func list(
        clinicID: String?, subject: String? = nil, limit: Int, before: Int64? = nil
    ) throws -> [AuditRecord] {
        var query = RecordQuery<AuditRecord>()
        query.tenant(clinicID)
        if let subject { query.require("audit.subject = ?", .text(subject)) }
        if let before { query.require("audit.sequence < ?", .integer(before)) }
        return try query.all(limit: limit, order: "audit.sequence DESC", in: transaction)
    }

    private func head(of rows: [SQLRow]) throws -> AuditHead {
        guard let row = rows.first else {
            throw CutisError(
                .auditBroken, "The head of the audit trail is missing.",
                remedy: "Stop the service, keep a copy of the database and restore the newest backup.")
        }
        return AuditHead(sequence: try row.integer("sequence"), hash: try row.text("hash"))
    }
}
