extension UserRecord: StoredRecord {
    static let table = "user_account"
    static let columns = ["id", "clinic_id", "name", "role", "created_at", "disabled_at"]

    var values: [SQLValue] {
        [.text(id), SQLValue(clinicID), .text(name), .text(role.rawValue), .integer(createdAt), SQLValue(disabledAt)]
    }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), clinicID: try row.optionalText("clinic_id"), name: try row.text("name"),
            role: try row.choice("role"), createdAt: try row.integer("created_at"),
            disabledAt: try row.optionalInteger("disabled_at"))
    }
}

/// The people and machines that act. They are disabled, never removed: the audit trail names them.
public struct UserRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds a user.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id is taken or the clinic is unknown.
    public func insert(_ record: UserRecord) throws {
        try record.insert(into: transaction)
    }

    /// A user by id.
    public func find(_ id: String, clinicID: String?) throws -> UserRecord? {
        var query = RecordQuery<UserRecord>()
        query.require("user_account.id = ?", .text(id))
        query.tenant(clinicID)
        return try query.first(in: transaction)
    }

    /// The users that one sees, newest first.
    public func list(clinicID: String?, limit: Int, before: PageCursor? = nil) throws -> [UserRecord] {
        var query = RecordQuery<UserRecord>()
        query.tenant(clinicID)
        return try query.page(limit: limit, before: before, in: transaction)
    }

    /// Whether there is any user: an installation without one is at its first run.
    public func isEmpty() throws -> Bool {
        try transaction.query("SELECT id FROM user_account LIMIT 1", []).isEmpty
    }

    /// Disables a user from a time on, or enables again with nil.
    ///
    /// - Returns: false where there is no such user in the clinic.
    @discardableResult
    public func setDisabled(_ id: String, clinicID: String?, at time: Int64?) throws -> Bool {
        try transaction.update(
            "user_account SET disabled_at = ?", [SQLValue(time)], where: [("id", id)], clinicID: clinicID) > 0
    }
}
