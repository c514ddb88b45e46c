import CutisCore
public import CutisStorage
import Foundation

extension AccountService {
    /// How often the time of a key's last use is written.
    static let touchMilliseconds: Int64 = 60_000

    /// Who an API key belongs to.
    ///
    /// - Throws: `CutisError` with `.unauthenticated`, in the same words whatever is wrong with the key.
    public func authenticate(apiKey: String) async throws -> Principal {
        guard KeyText.isPlausible(apiKey) else { throw Self.unauthenticated }
        let (hash, now) = (KeyText.hash(apiKey), clock.now())
        let (principal, key) = try await database.read { transaction in
            guard let key = try APIKeyRepository(transaction).authenticate(hash: hash) else {
                throw Self.unauthenticated
            }
            return (try Self.principal(of: key, at: now, in: transaction), key)
        }
        if key.lastUsedAt.map({ now - $0 >= Self.touchMilliseconds || now < $0 }) ?? true {
            // A request is not refused because its time could not be written.
            try? await database.write { try APIKeyRepository($0).touch(key.id, at: now) }
        }
        return principal
    }

    static func principal(
        of key: APIKeyRecord, at now: Int64, in transaction: any Transaction
    ) throws -> Principal {
        guard key.revokedAt == nil, key.expiresAt.map({ $0 > now }) ?? true,
            let user = try UserRepository(transaction).find(key.userID, clinicID: nil), user.disabledAt == nil
        else { throw unauthenticated }
        return Principal(
            userID: user.id, name: user.name, role: user.role, clinicID: user.clinicID, keyID: key.id)
    }

    static let unauthenticated = CutisError(
        .unauthenticated, "The key or sign-in is not valid.",
        remedy: "Send a key that is neither revoked nor expired as `Authorization: Bearer cutis_…`, or sign in again.")

    /// Makes a key for a user.
    ///
    /// - Parameter expiresAt: when it ends, in milliseconds since 1970 UTC; nil for never.
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.conflict` for a disabled user, `.requestInvalid` for an end
    ///   in the past.
    public func createKey(
        userID: String, expiresAt: Int64? = nil, by principal: Principal
    ) async throws -> NewKey {
        try principal.require(.accountsManage)
        let now = clock.now()
        if let expiresAt, expiresAt <= now {
            throw CutisError(
                .requestInvalid, "The key would end before it begins.", remedy: "Send a time in the future.")
        }
        return try await database.write { [audit] transaction in
            let user = try Self.user(userID, by: principal, in: transaction)
            guard user.disabledAt == nil else {
                throw CutisError(
                    .conflict, "The user is disabled.", remedy: "Enable the user before you make keys for it.")
            }
            let key = KeyText.make(for: userID, at: now, expiresAt: expiresAt)
            try APIKeyRepository(transaction).insert(key.record)
            try audit.append(
                AuditEntry(
                    "key.create", subject: key.record.id, by: principal, clinicID: user.clinicID,
                    details: ["user": .string(userID)]),
                in: transaction)
            return key
        }
    }

    /// The keys of one user or all that one sees, newest first; hashes are left out.
    public func keys(
        userID: String? = nil, limit: Int = 100, before: PageCursor? = nil, by principal: Principal
    ) async throws -> [APIKeyRecord] {
        try principal.require(.accountsRead)
        return try await database.read { transaction in
            if let userID { _ = try Self.user(userID, by: principal, in: transaction) }
            return try APIKeyRepository(transaction).list(
                clinicID: principal.clinicID, userID: userID, limit: min(max(limit, 1), 1000), before: before
            ).map { key in
                var key = key
                key.hash = ""
                return key
            }
        }
    }

    /// Ends a key at once, and every browser that signed in with it.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`.
    public func revokeKey(_ id: String, by principal: Principal) async throws {
        try principal.require(.accountsManage)
        let now = clock.now()
        try await database.write { [audit] transaction in
            let keys = APIKeyRepository(transaction)
            guard Identifier.isValid(id), let key = try keys.find(id, clinicID: principal.clinicID) else {
                throw AnalysisService.missing("key")
            }
            try keys.revoke(id, clinicID: principal.clinicID, at: now)
            try SessionRepository(transaction).delete(keyID: id)
            try audit.append(
                AuditEntry("key.revoke", subject: id, by: principal, details: ["user": .string(key.userID)]),
                in: transaction)
        }
    }
}
