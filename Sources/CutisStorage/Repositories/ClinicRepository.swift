extension ClinicRecord: StoredRecord {
    static let table = "clinic"
    static let columns = ["id", "name", "title", "created_at"]

    var values: [SQLValue] { [.text(id), .text(name), .text(title), .integer(createdAt)] }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), name: try row.text("name"), title: try row.text("title"),
            createdAt: try row.integer("created_at"))
    }
}

/// The clinics of an installation.
public struct ClinicRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds a clinic.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id or the name is taken.
    public func insert(_ record: ClinicRecord) throws {
        try record.insert(into: transaction)
    }

    /// A clinic by its id; one who belongs to another clinic does not see it.
    public func find(_ id: String, clinicID: String?) throws -> ClinicRecord? {
        var query = RecordQuery<ClinicRecord>()
        query.require("clinic.id = ?", .text(id))
        query.tenant(clinicID, column: "clinic.id")
        return try query.first(in: transaction)
    }

    /// A clinic by the name that requests use.
    public func find(name: String, clinicID: String?) throws -> ClinicRecord? {
        var query = RecordQuery<ClinicRecord>()
        query.require("clinic.name = ?", .text(name))
        query.tenant(clinicID, column: "clinic.id")
        return try query.first(in: transaction)
    }

    /// The clinics that one sees, newest first.
    public func list(clinicID: String?, limit: Int, before: PageCursor? = nil) throws -> [ClinicRecord] {
        var query = RecordQuery<ClinicRecord>()
        query.tenant(clinicID, column: "clinic.id")
        return try query.page(limit: limit, before: before, in: transaction)
    }
}
