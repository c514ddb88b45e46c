import CutisCore
public import CutisStorage
import Foundation

extension AccountService {
    /// What the first run makes.
    public struct FirstRun: Sendable {
        /// The clinic.
        public var clinic: ClinicRecord
        /// The administrator.
        public var admin: UserRecord
        /// The administrator's key, which is shown this once.
        public var key: NewKey
    }

    private static let fingerprintSetting = "installation.fingerprint"
    /// The name of the clinic that the first run makes.
    public static let defaultClinic = "default"

    /// Prepares a new installation: the default clinic, an administrator and its key; on later runs it checks that the
    /// secret is the one with which the installation began.
    ///
    /// - Returns: what was made, at the first run only; two processes that start at once make it once.
    /// - Throws: `CutisError` with `.configInvalid` for another secret, with which no patient would be found again.
    public func bootstrap() async throws -> FirstRun? {
        let (now, fingerprint) = (clock.now(), secret.fingerprint)
        return try await database.write { [audit] transaction in
            let settings = SettingRepository(transaction)
            // The lock of the audit trail lets one process after the other through.
            _ = try AuditRepository(transaction).lockHead()
            if let known = try settings.find(Self.fingerprintSetting) {
                guard known == fingerprint else {
                    throw CutisError(
                        .configInvalid,
                        "The installation's secret (\(fingerprint)) is not the one with which its database began "
                            + "(\(known)).",
                        remedy: "Restore the file of the secret that belongs to this database.")
                }
                return nil
            }
            guard try UserRepository(transaction).isEmpty() else {
                throw CutisError(
                    .configInvalid, "The database has users, but does not say with which secret it began.",
                    remedy: "Restore the database from a backup.")
            }
            try settings.set(Self.fingerprintSetting, to: fingerprint)
            let clinic = ClinicRecord(
                id: Identifier.make(milliseconds: now), name: Self.defaultClinic, title: "Default clinic",
                createdAt: now)
            try ClinicRepository(transaction).insert(clinic)
            let admin = UserRecord(
                id: Identifier.make(milliseconds: now), clinicID: nil, name: "admin", role: .admin, createdAt: now)
            try UserRepository(transaction).insert(admin)
            let key = KeyText.make(for: admin.id, at: now, expiresAt: nil)
            try APIKeyRepository(transaction).insert(key.record)
            try audit.append(
                AuditEntry(
                    "installation.bootstrap", subject: admin.id, by: .system,
                    details: ["clinic": .string(clinic.id), "key": .string(key.record.id)]),
                in: transaction)
            return FirstRun(clinic: clinic, admin: admin, key: key)
        }
    }
}

/// The texts of keys and cookies: 256 random bits, kept as SHA-256 only.
enum KeyText {
    /// How every API key begins, so that scanners for secrets find it.
    static let prefix = "cutis_"
    /// How many characters of a key are kept, so that people can tell keys apart.
    static let shown = 12

    static func make(for userID: String, at now: Int64, expiresAt: Int64?) -> NewKey {
        let text = prefix + random()
        return NewKey(
            record: APIKeyRecord(
                id: Identifier.make(milliseconds: now), userID: userID, prefix: String(text.prefix(shown)),
                hash: hash(text), createdAt: now, expiresAt: expiresAt),
            text: text)
    }

    /// 256 random bits as base64url without padding.
    static func random() -> String {
        InstallationSecret.makeBytes().base64EncodedString().replacingOccurrences(of: "+", with: "-")
            .replacingOccurrences(of: "/", with: "_").replacingOccurrences(of: "=", with: "")
    }

    /// Keys are random through and through, so that no slow hash is needed.
    static func hash(_ text: String) -> String { Hexadecimal.sha256(Data(text.utf8)) }

    /// Whether a text has the form of a key; anything else is not worth a query.
    static func isPlausible(_ text: String) -> Bool { text.hasPrefix(prefix) && (40...64).contains(text.utf8.count) }
}
