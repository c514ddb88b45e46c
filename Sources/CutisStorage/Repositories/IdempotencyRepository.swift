public import Foundation

extension IdempotencyRecord: StoredRecord {
    static let table = "idempotency"
    static let columns = ["user_id", "request_key", "request_hash", "status", "body", "created_at"]

    var values: [SQLValue] {
        [
            .text(userID), .text(key), .text(requestHash), SQLValue(status.map(Int64.init)), SQLValue(body),
            .integer(createdAt),
        ]
    }

    init(row: SQLRow) throws {
        let hasBody = try row.value("body") != .null
        self.init(
            userID: try row.text("user_id"), key: try row.text("request_key"),
            requestHash: try row.text("request_hash"), status: try row.optionalInteger("status").map(Int.init),
            body: hasBody ? try row.bytes("body") : nil, createdAt: try row.integer("created_at"))
    }
}

/// The requests that may come twice, by user and key.
public struct IdempotencyRepository {
    private let transaction: any Transaction

    /// Works on a transaction.
    public init(_ transaction: any Transaction) {
        self.transaction = transaction
    }

    /// Takes a key for a request.
    ///
    /// - Returns: nil where the key is now taken for this request; otherwise what is known of the one who took it.
    public func begin(_ record: IdempotencyRecord) throws -> IdempotencyRecord? {
        if try record.insertIfNew(into: transaction) { return nil }
        return try find(userID: record.userID, key: record.key)
    }

    /// What is known of a user's key.
    public func find(userID: String, key: String) throws -> IdempotencyRecord? {
        var query = RecordQuery<IdempotencyRecord>()
        query.require("idempotency.user_id = ? AND idempotency.request_key = ?", .text(userID), .text(key))
        return try query.first(in: transaction)
    }

    /// Remembers what a request was answered.
    ///
    /// - Returns: false where the key is not taken.
    @discardableResult
    public func finish(userID: String, key: String, status: Int, body: Data) throws -> Bool {
        try transaction.update(
            "idempotency SET status = ?, body = ?", [.integer(Int64(status)), .bytes(body)],
            where: [("user_id", userID), ("request_key", key)], clinicID: nil) > 0
    }

    /// Frees a key, so that the request can be sent again.
    public func delete(userID: String, key: String) throws {
        _ = try transaction.delete(
            from: "idempotency", where: [("user_id", userID), ("request_key", key)], clinicID: nil)
    }

    /// Removes what is older than a time.
    ///
    /// - Returns: how many.
    @discardableResult
    public func delete(olderThan time: Int64) throws -> Int {
        try transaction.execute("DELETE FROM idempotency WHERE created_at < ?", [.integer(time)])
    }

    /// Frees the keys of requests that never ended: those in flight when the service was killed.
    ///
    /// - Returns: how many.
    @discardableResult
    public func deleteUnfinished() throws -> Int {
        try transaction.execute("DELETE FROM idempotency WHERE status IS NULL", [])
    }

    /// Removes the remembered answers of the users of a clinic (nil: of all) since a time: they may hold a case that is
    /// being deleted.
    ///
    /// - Returns: how many.
    @discardableResult
    public func delete(since time: Int64, clinicID: String?) throws -> Int {
        let tenant = clinicID.map { _ in " AND user_id IN (SELECT id FROM user_account WHERE clinic_id = ?)" } ?? ""
        return try transaction.execute(
            "DELETE FROM idempotency WHERE created_at >= ?\(tenant)",
            [.integer(time)] + (clinicID.map { [.text($0)] } ?? []))
    }
}
