extension SessionRecord: StoredRecord {
    static let table = "web_session"
    static let columns = ["hash", "user_id", "key_id", "created_at", "expires_at"]

    var values: [SQLValue] {
        [.text(hash), .text(userID), .text(keyID), .integer(createdAt), .integer(expiresAt)]
    }

    init(row: SQLRow) throws {
        self.init(
            hash: try row.text("hash"), userID: try row.text("user_id"), keyID: try row.text("key_id"),
            createdAt: try row.integer("created_at"), expiresAt: try row.integer("expires_at"))
    }
}

/// The browsers that are signed in.
public struct SessionRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Adds a session.
    ///
    /// - Throws: `CutisError` with `.conflict` where the hash is taken or the user or key is unknown.
    public func insert(_ record: SessionRecord) throws {
        try record.insert(into: transaction)
    }

    /// The session with a hash that has not expired, of whichever clinic: who shows a cookie is not known before.
    public func authenticate(hash: String, at time: Int64) throws -> SessionRecord? {
        var query = RecordQuery<SessionRecord>()
        query.require("web_session.hash = ? AND web_session.expires_at > ?", .text(hash), .integer(time))
        return try query.first(in: transaction)
    }

    /// Signs one browser out.
    public func delete(hash: String) throws {
        _ = try transaction.delete(from: "web_session", where: [("hash", hash)], clinicID: nil)
    }

    /// Signs out every browser of a user.
    public func delete(userID: String) throws {
        _ = try transaction.delete(from: "web_session", where: [("user_id", userID)], clinicID: nil)
    }

    /// Signs out every browser that signed in with a key.
    public func delete(keyID: String) throws {
        _ = try transaction.delete(from: "web_session", where: [("key_id", keyID)], clinicID: nil)
    }

    /// Removes the sessions that have expired.
    ///
    /// - Returns: how many.
    @discardableResult
    public func deleteExpired(at time: Int64) throws -> Int {
        try transaction.execute("DELETE FROM web_session WHERE expires_at <= ?", [.integer(time)])
    }
}
