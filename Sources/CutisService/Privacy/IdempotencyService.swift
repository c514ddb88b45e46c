import CutisCore
public import CutisStorage
public import Foundation

/// Requests that may come twice: the first is done, the others get its answer (the Idempotency-Key header of the
/// IETF's draft).
///
/// A key belongs to its user. While the first request is in flight its record has neither status nor body. The
/// transaction that keeps an analysis also writes down which one the key has made, so that a crash before the answer
/// cannot lead to a second analysis; what a repeated request gets is then read from the store, and no answer about a
/// patient is remembered here. A record in flight without either is free again after `inFlightMilliseconds`: whoever
/// held it cannot link any more.
///
/// Answers with secrets, such as a new key, must not go through here.
public struct IdempotencyService: Sendable {
    let database: any Database
    let clock: ServiceClock
    let inFlightMilliseconds: Int64

    /// The most bytes of a key.
    public static let mostKeyBytes = 128

    /// Joins the service's parts.
    ///
    /// - Parameter inFlightMilliseconds: longer than any request's deadline.
    public init(database: any Database, clock: ServiceClock = .system, inFlightMilliseconds: Int64 = 120_000) {
        self.database = database
        self.clock = clock
        self.inFlightMilliseconds = inFlightMilliseconds
    }

    /// What is known of a key.
    public enum Start: Sendable, Hashable {
        /// Nothing: do the work, then `finish` or `abandon`.
        case fresh(IdempotencyClaim)
        /// The work was answered: send the same.
        case replay(status: Int, body: Data)
        /// The work was done and kept: read it from the store and send it, as the first time.
        case kept(analyses: [String], visit: String?)
    }

    /// Takes a key for a request.
    ///
    /// - Parameter requestHash: SHA-256 of method, path and body in hexadecimal.
    /// - Throws: `CutisError`: `.conflict` while the first request is in flight, `.idempotencyMismatch` where the key
    ///   came with another request, `.requestInvalid` for a key that is empty, too long or not printable ASCII.
    public func begin(user: String, key: String, requestHash: String) async throws -> Start {
        guard !key.isEmpty, key.utf8.count <= Self.mostKeyBytes, key.utf8.allSatisfy({ (0x21...0x7E).contains($0) })
        else {
            throw CutisError(
                .requestInvalid,
                "The idempotency key is empty, longer than \(Self.mostKeyBytes) bytes, or not printable ASCII.",
                remedy: "Use a UUID, a new one for each request that is to be done once.")
        }
        let (now, limit) = (clock.now(), inFlightMilliseconds)
        return try await database.write { transaction in
            let records = IdempotencyRepository(transaction)
            let fresh = IdempotencyRecord(
                userID: user, key: key, requestHash: requestHash, status: nil, body: nil, createdAt: now)
            let claim = IdempotencyClaim(userID: user, key: key, createdAt: now)
            guard let known = try records.begin(fresh) else { return .fresh(claim) }
            guard known.requestHash == requestHash else {
                throw CutisError(
                    .idempotencyMismatch, "The idempotency key came before with another request.",
                    remedy: "Use a new key for a new request, and send a repeated request unchanged.")
            }
            if let status = known.status { return .replay(status: status, body: known.body ?? Data()) }
            if let body = known.body {
                let link = try IdempotencyClaim.Link(body)
                return .kept(analyses: link.analyses, visit: link.visit)
            }
            // A clock that went back must not keep a dead request alive for ever.
            let age = now - known.createdAt
            guard age >= limit || age < -limit else {
                throw CutisError(
                    .conflict, "A request with this idempotency key is being done.",
                    remedy: "Wait for its answer, or ask again in some seconds.")
            }
            try records.delete(userID: user, key: key)
            guard try records.begin(fresh) == nil else {
                throw CutisError(
                    .conflict, "A request with this idempotency key is being done.",
                    remedy: "Ask again in some seconds.")
            }
            return .fresh(claim)
        }
    }

    /// Remembers what a request was answered, so that it can be said again; what is kept is read from the store instead.
    public func finish(_ claim: IdempotencyClaim, status: Int, body: Data) async throws {
        try await database.write { transaction in
            _ = try transaction.execute(
                "UPDATE idempotency SET status = ?, body = ? WHERE \(IdempotencyClaim.own) AND body IS NULL",
                [.integer(Int64(status)), .bytes(body)] + claim.arguments)
        }
    }

    /// Frees the key of a request that was not done, so that it can be sent again.
    ///
    /// What the request has kept stays linked: it is found when it comes again.
    public func abandon(_ claim: IdempotencyClaim) async throws {
        try await database.write { transaction in
            _ = try transaction.execute(
                "DELETE FROM idempotency WHERE \(IdempotencyClaim.own) AND status IS NULL AND body IS NULL",
                claim.arguments)
        }
    }

    /// Frees the keys of requests that were in flight when the only process of this database ended: at its start.
    ///
    /// - Returns: how many.
    @discardableResult
    public func freeUnfinished() async throws -> Int {
        try await database.write { transaction in
            try transaction.execute("DELETE FROM idempotency WHERE status IS NULL AND body IS NULL", [])
        }
    }
}

extension IdempotencyService {
    /// Removes the remembered answers that hold one of some identifiers, such as feedback on a deleted analysis.
    static func forget(_ ids: [String], in transaction: any Transaction) throws {
        let wanted = ids.map { Data($0.utf8) }
        var last = ("", "")
        while true {
            let rows = try transaction.query(
                """
                SELECT user_id, request_key, body FROM idempotency
                WHERE body IS NOT NULL AND (user_id, request_key) > (?, ?) ORDER BY user_id, request_key LIMIT 200
                """, [.text(last.0), .text(last.1)])
            for row in rows {
                last = (try row.text("user_id"), try row.text("request_key"))
                let body = try row.bytes("body")
                guard wanted.contains(where: { body.range(of: $0) != nil }) else { continue }
                try IdempotencyRepository(transaction).delete(userID: last.0, key: last.1)
            }
            if rows.count < 200 { return }
        }
    }
}

/// A key that one request holds.
public struct IdempotencyClaim: Sendable, Hashable {
    let userID: String
    let key: String
    let createdAt: Int64

    /// What a request has kept, as its record holds it until the answer is known.
    struct Link: Codable {
        var analyses: [String]
        var visit: String?

        init(analyses: [String], visit: String?) {
            self.analyses = analyses
            self.visit = visit
        }

        init(_ body: Data) throws(CutisError) {
            do {
                self = try JSONDecoder().decode(Link.self, from: body)
            } catch {
                throw CutisError(
                    .storageCorrupt, "What an idempotency key has kept cannot be read.",
                    remedy: "Use another key, and restore the database from its backup.")
            }
        }
    }

    static let own = "user_id = ? AND request_key = ? AND created_at = ?"
    var arguments: [SQLValue] { [.text(userID), .text(key), .integer(createdAt)] }

    /// Writes down what the request has kept, in the transaction that keeps it.
    ///
    /// - Throws: `CutisError` with `.conflict` where the key was taken by another request meanwhile, because this one
    ///   took too long.
    func link(analyses: [String], visit: String?, in transaction: any Transaction) throws {
        let encoder = JSONEncoder()
        encoder.outputFormatting = .sortedKeys
        let body = try encoder.encode(Link(analyses: analyses, visit: visit))
        let changed = try transaction.execute(
            "UPDATE idempotency SET body = ? WHERE \(Self.own) AND status IS NULL AND body IS NULL",
            [.bytes(body)] + arguments)
        guard changed == 1 else {
            throw CutisError(
                .conflict, "The request took so long that its idempotency key was taken by another one.",
                remedy: "Send it again.")
        }
    }
}
