import CutisCore

extension PatientRecord: StoredRecord {
    static let table = "patient"
    static let columns = ["id", "clinic_id", "pseudonym", "created_at"]

    var values: [SQLValue] { [.text(id), .text(clinicID), .text(pseudonym), .integer(createdAt)] }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), clinicID: try row.text("clinic_id"), pseudonym: try row.text("pseudonym"),
            createdAt: try row.integer("created_at"))
    }
}

/// The patients of the clinics, by pseudonym.
public struct PatientRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// The clinic's patient with the record's pseudonym, who is added as the record where there is none yet.
    public func findOrInsert(_ record: PatientRecord) throws -> PatientRecord {
        if let known = try find(pseudonym: record.pseudonym, clinicID: record.clinicID) { return known }
        if try record.insertIfNew(into: transaction) { return record }
        // Another connection was faster.
        if let known = try find(pseudonym: record.pseudonym, clinicID: record.clinicID) { return known }
        throw CutisError(
            .conflict, "The patient's identifier \(record.id) is taken.", remedy: "Send the request again.")
    }

    /// A patient by id.
    public func find(_ id: String, clinicID: String?) throws -> PatientRecord? {
        var query = RecordQuery<PatientRecord>()
        query.require("patient.id = ?", .text(id))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// A clinic's patient by pseudonym.
    public func find(pseudonym: String, clinicID: String) throws -> PatientRecord? {
        var query = RecordQuery<PatientRecord>()
        query.require("patient.pseudonym = ?", .text(pseudonym))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// The patients that one sees, newest first.
    public func list(clinicID: String?, limit: Int, before: PageCursor? = nil) throws -> [PatientRecord] {
        var query = RecordQuery<PatientRecord>()
        query.tenant(clinicID)
        return try query.page(limit: limit, before: before, in: transaction)
    }

    /// Removes a patient of whom nothing else is left.
    ///
    /// - Returns: false where there is no such patient in the clinic.
    /// - Throws: `CutisError` with `.conflict` where visits or analyses still refer to the patient.
    @discardableResult
    public func delete(_ id: String, clinicID: String?) throws -> Bool {
        try transaction.delete(from: "patient", where: [("id", id)], clinicID: clinicID) > 0
    }
}
