extension VisitRecord: StoredRecord {
    static let table = "visit"
    static let columns = ["id", "clinic_id", "patient_id", "created_at"]

    var values: [SQLValue] { [.text(id), .text(clinicID), .text(patientID), .integer(createdAt)] }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), clinicID: try row.text("clinic_id"), patientID: try row.text("patient_id"),
            createdAt: try row.integer("created_at"))
    }
}

/// The visits of patients.
public struct VisitRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds a visit.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id is taken, or the patient is not one of the clinic.
    public func insert(_ record: VisitRecord) throws {
        try record.insert(into: transaction)
    }

    /// A visit by id.
    public func find(_ id: String, clinicID: String?) throws -> VisitRecord? {
        var query = RecordQuery<VisitRecord>()
        query.require("visit.id = ?", .text(id))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// The visits that one sees, of one patient or of all, newest first.
    public func list(
        clinicID: String?, patientID: String? = nil, limit: Int, before: PageCursor? = nil
    ) throws -> [VisitRecord] {
        var query = RecordQuery<VisitRecord>()
        query.tenant(clinicID)
        if let patientID { query.require("visit.patient_id = ?", .text(patientID)) }
        return try query.page(limit: limit, before: before, in: transaction)
    }

    /// Removes a visit whose analyses are gone.
    ///
    /// - Returns: false where there is no such visit in the clinic.
    /// - Throws: `CutisError` with `.conflict` where analyses still refer to it.
    @discardableResult
    public func delete(_ id: String, clinicID: String?) throws -> Bool {
        try transaction.delete(from: "visit", where: [("id", id)], clinicID: clinicID) > 0
    }
}
