extension APIKeyRecord: StoredRecord {
    static let table = "api_key"
    static let columns = [
        "id", "user_id", "prefix", "hash", "created_at", "expires_at", "revoked_at", "last_used_at",
    ]

    var values: [SQLValue] {
        [
            .text(id), .text(userID), .text(prefix), .text(hash), .integer(createdAt), SQLValue(expiresAt),
            SQLValue(revokedAt), SQLValue(lastUsedAt),
        ]
    }

    init(row: SQLRow) throws {
        self.init(
            id: try row.text("id"), userID: try row.text("user_id"), prefix: try row.text("prefix"),
            hash: try row.text("hash"), createdAt: try row.integer("created_at"),
            expiresAt: try row.optionalInteger("expires_at"), revokedAt: try row.optionalInteger("revoked_at"),
            lastUsedAt: try row.optionalInteger("last_used_at"))
    }
}

/// The keys with which users call the API. A key belongs to the clinic of its user.
public struct APIKeyRepository {
    private static let owner = "JOIN user_account ON user_account.id = api_key.user_id"
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds a key.
    ///
    /// - Throws: `CutisError` with `.conflict` where the id or the hash is taken or the user is unknown.
    public func insert(_ record: APIKeyRecord) throws {
        try record.insert(into: transaction)
    }

    /// The key with a hash, of whichever clinic: who shows a key is not known before.
    public func authenticate(hash: String) throws -> APIKeyRecord? {
        var query = RecordQuery<APIKeyRecord>()
        query.require("api_key.hash = ?", .text(hash))
        return try query.first(in: transaction)
    }

    /// A key by id.
    public func find(_ id: String, clinicID: String?) throws -> APIKeyRecord? {
        var query = RecordQuery<APIKeyRecord>(joining: Self.owner)
        query.require("api_key.id = ?", .text(id))
        query.tenant(clinicID, column: "user_account.clinic_id")
        return try query.first(in: transaction)
    }

    /// The keys that one sees, of one user or of all, newest first.
    public func list(
        clinicID: String?, userID: String? = nil, limit: Int, before: PageCursor? = nil
    ) throws -> [APIKeyRecord] {
        var query = RecordQuery<APIKeyRecord>(joining: Self.owner)
        query.tenant(clinicID, column: "user_account.clinic_id")
        if let userID { query.require("api_key.user_id = ?", .text(userID)) }
        return try query.page(limit: limit, before: before, in: transaction)
    }

    /// Ends a key from a time on; a key that was revoked before keeps its time.
    ///
    /// - Returns: false where there is no such key in the clinic.
    @discardableResult
    public func revoke(_ id: String, clinicID: String?, at time: Int64) throws -> Bool {
        guard try find(id, clinicID: clinicID) != nil else { return false }
        try transaction.execute(
            "UPDATE api_key SET revoked_at = COALESCE(revoked_at, ?) WHERE id = ?", [.integer(time), .text(id)])
        return true
    }

    /// Remembers when a key was last used.
    public func touch(_ id: String, at time: Int64) throws {
        try transaction.execute(
            "UPDATE api_key SET last_used_at = ? WHERE id = ?", [.integer(time), .text(id)])
    }
}
