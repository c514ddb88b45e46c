import Crypto
import CutisCore
import CutisStorage
import Foundation

extension AccountService {
    /// Signs a browser in with an API key.
    ///
    /// - Throws: `CutisError` with `.unauthenticated`.
    public func signIn(apiKey: String) async throws -> SignedIn {
        let principal = try await authenticate(apiKey: apiKey)
        guard let keyID = principal.keyID else { throw Self.unauthenticated }
        let (now, token) = (clock.now(), KeyText.random())
        let session = SessionRecord(
            hash: KeyText.hash(token), userID: principal.userID, keyID: keyID, createdAt: now,
            expiresAt: now + sessionMilliseconds)
        try await database.write { [audit] transaction in
            let sessions = SessionRepository(transaction)
            try sessions.deleteExpired(at: now)
            try sessions.insert(session)
            try audit.append(AuditEntry("session.create", subject: principal.userID, by: principal), in: transaction)
        }
        return SignedIn(principal: principal, token: token, csrf: csrf(session: token), expiresAt: session.expiresAt)
    }

    /// Who a browser's cookie belongs to; a key that was revoked or a user who was disabled ends the session.
    ///
    /// - Throws: `CutisError` with `.unauthenticated`.
    public func principal(session token: String) async throws -> Principal {
        guard (40...64).contains(token.utf8.count) else { throw Self.unauthenticated }
        let (hash, now) = (KeyText.hash(token), clock.now())
        return try await database.read { transaction in
            guard let session = try SessionRepository(transaction).authenticate(hash: hash, at: now),
                let key = try APIKeyRepository(transaction).find(session.keyID, clinicID: nil),
                key.userID == session.userID
            else { throw Self.unauthenticated }
            return try Self.principal(of: key, at: now, in: transaction)
        }
    }

    /// Signs a browser out; a token that is not known is no error.
    public func signOut(session token: String) async throws {
        let hash = KeyText.hash(token)
        try await database.write { try SessionRepository($0).delete(hash: hash) }
    }

    /// What forms of a session must send along: HMAC of the cookie's value, so that another site cannot know it.
    public func csrf(session token: String) -> String { secret.code(token, purpose: "csrf") }

    /// Whether a form's token belongs to its session; takes the same time whatever is wrong.
    public func isValid(csrf: String, session token: String) -> Bool {
        guard let bytes = Hexadecimal.bytes(csrf) else { return false }
        return HMAC<SHA256>.isValidAuthenticationCode(
            bytes, authenticating: Data(token.utf8), using: secret.key(for: "csrf"))
    }

    /// Who another system vouches for; a user of that subject is kept from its first request on, so that the audit
    /// trail can name it. Role and clinic are those of the claims, each time.
    ///
    /// The token was verified before: this trusts the claims.
    ///
    /// - Throws: `CutisError`: `.unauthenticated` for a disabled user, `.forbidden` for a clinic that does not exist or
    ///   a role that needs one.
    public func principal(for identity: ExternalIdentity) async throws -> Principal {
        let id = Self.userID(of: identity)
        let now = clock.now()
        let known = try await database.read { transaction in
            (try UserRepository(transaction).find(id, clinicID: nil), try Self.clinicID(of: identity, in: transaction))
        }
        if let user = known.0, user.role == identity.role, user.clinicID == known.1 {
            return try Self.principal(of: user)
        }
        return try await database.write { [audit] transaction in
            let users = UserRepository(transaction)
            let clinicID = try Self.clinicID(of: identity, in: transaction)
            if let user = try users.find(id, clinicID: nil) {
                var changed = try Self.principal(of: user)
                (changed.role, changed.clinicID) = (identity.role, clinicID)
                try transaction.execute(
                    "UPDATE user_account SET clinic_id = ?, role = ? WHERE id = ?",
                    [clinicID.map { .text($0) } ?? .null, .text(identity.role.rawValue), .text(id)])
                try audit.append(
                    AuditEntry(
                        "user.change", subject: id, by: .system, clinicID: clinicID,
                        details: ["role": .string(identity.role.rawValue), "external": .bool(true)]),
                    in: transaction)
                return changed
            }
            let name = String(identity.name.unicodeScalars.filter { $0.properties.generalCategory != .control })
            let user = UserRecord(
                id: id, clinicID: clinicID, name: String(name.prefix(100)), role: identity.role, createdAt: now)
            try users.insert(user)
            try audit.append(
                AuditEntry(
                    "user.create", subject: id, by: .system, clinicID: clinicID,
                    details: ["role": .string(user.role.rawValue), "external": .bool(true)]),
                in: transaction)
            return try Self.principal(of: user)
        }
    }

    private static func principal(of user: UserRecord) throws(CutisError) -> Principal {
        guard user.disabledAt == nil else { throw unauthenticated }
        return Principal(userID: user.id, name: user.name, role: user.role, clinicID: user.clinicID)
    }

    private static func clinicID(
        of identity: ExternalIdentity, in transaction: any Transaction
    ) throws -> String? {
        guard let name = identity.clinic else {
            guard !Permissions.boundToClinic.contains(identity.role) else {
                throw CutisError(
                    .forbidden, "The token gives the role \(identity.role.rawValue) without a clinic.",
                    remedy: "Map a claim of the token to the clinic's name.")
            }
            return nil
        }
        guard let clinic = try ClinicRepository(transaction).find(name: name, clinicID: nil) else {
            throw CutisError(
                .forbidden, "The token names a clinic that this installation does not have.",
                remedy: "Add the clinic, or mend the mapping of the claims.")
        }
        return clinic.id
    }

    /// The identifier of an external user: made of issuer and subject, so that the same person is the same user.
    static func userID(of identity: ExternalIdentity) -> String {
        let digits = Array(KeyText.hash("\(identity.issuer.utf8.count):\(identity.issuer)\(identity.subject)"))
        return [digits[0..<8], digits[8..<12], digits[12..<16], digits[16..<20], digits[20..<32]]
            .map { String($0) }.joined(separator: "-")
    }
}
