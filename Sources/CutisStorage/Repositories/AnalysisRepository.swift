/// The answers of models about lesions and cases.
public struct AnalysisRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds an analysis.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id is taken, the user is unknown, or the patient or visit is
    ///   not one of the clinic.
    public func insert(_ record: AnalysisRecord) throws {
        try record.insert(into: transaction)
    }

    /// An analysis by id.
    public func find(_ id: String, clinicID: String?) throws -> AnalysisRecord? {
        var query = RecordQuery<AnalysisRecord>()
        query.require("analysis.id = ?", .text(id))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// The analyses that one sees, of one patient or of all, newest first.
    public func list(
        clinicID: String?, patientID: String? = nil, limit: Int, before: PageCursor? = nil
    ) throws -> [AnalysisRecord] {
        var query = RecordQuery<AnalysisRecord>()
        query.tenant(clinicID)
        if let patientID { query.require("analysis.patient_id = ?", .text(patientID)) }
        return try query.page(limit: limit, before: before, in: transaction)
    }

    /// The analyses of a visit, in the order in which they were made.
    public func list(visitID: String, clinicID: String?) throws -> [AnalysisRecord] {
        var query = RecordQuery<AnalysisRecord>()
        query.tenant(clinicID)
        query.require("analysis.visit_id = ?", .text(visitID))
        return try query.all(limit: nil, order: "analysis.created_at, analysis.id", in: transaction)
    }

    /// The analyses that a reviewer should look at, newest first.
    public func listFlagged(clinicID: String?, limit: Int, before: PageCursor? = nil) throws -> [AnalysisRecord] {
        var query = RecordQuery<AnalysisRecord>()
        query.tenant(clinicID)
        query.require("analysis.flagged = 1")
        return try query.page(limit: limit, before: before, in: transaction)
    }

    /// The analyses from before a time, oldest first: what a retention period has run out for.
    public func list(olderThan time: Int64, clinicID: String?, limit: Int) throws -> [AnalysisRecord] {
        var query = RecordQuery<AnalysisRecord>()
        query.tenant(clinicID)
        query.require("analysis.created_at < ?", .integer(time))
        return try query.all(limit: limit, order: "analysis.created_at, analysis.id", in: transaction)
    }

    /// How many analyses one sees.
    public func count(clinicID: String?) throws -> Int {
        let (filter, arguments) = clinicID.map { (" WHERE clinic_id = ?", [SQLValue.text($0)]) } ?? ("", [])
        return Int(
            try transaction.query("SELECT COUNT(*) AS number FROM analysis\(filter)", arguments)[0].integer("number"))
    }

    /// Signs a preliminary analysis.
    ///
    /// - Returns: false where there is no such analysis in the clinic, or it is signed already.
    @discardableResult
    public func sign(_ id: String, clinicID: String?, by userID: String, at time: Int64) throws -> Bool {
        try transaction.update(
            "analysis SET status = 'signed', signed_by = ?, signed_at = ?", [.text(userID), .integer(time)],
            where: [("id", id), ("status", AnalysisRecord.Status.preliminary.rawValue)], clinicID: clinicID) > 0
    }

    /// Says why a reviewer should look at an analysis; nothing takes it out of the queue.
    ///
    /// - Returns: false where there is no such analysis in the clinic.
    @discardableResult
    public func setFlags(_ flags: [String], of id: String, clinicID: String?) throws -> Bool {
        try transaction.update(
            "analysis SET flags = ?, flagged = ?",
            [.text(AnalysisRecord.text(ofFlags: flags)), .integer(flags.isEmpty ? 0 : 1)],
            where: [("id", id)], clinicID: clinicID) > 0
    }

    /// Removes an analysis with the rows of its images and its feedback. The images' blobs are the caller's to delete.
    ///
    /// - Returns: false where there is no such analysis in the clinic.
    @discardableResult
    public func delete(_ id: String, clinicID: String?) throws -> Bool {
        for table in ["feedback", "image"] {
            _ = try transaction.delete(from: table, where: [("analysis_id", id)], clinicID: clinicID)
        }
        return try transaction.delete(from: "analysis", where: [("id", id)], clinicID: clinicID) > 0
    }
}
