import CutisCore
public import CutisStorage
import Foundation

extension AccountService {
    /// Adds a clinic.
    ///
    /// - Parameters:
    ///   - name: what requests use as `clinic_id`: 1–63 of a–z, 0–9 and `-`.
    ///   - title: the name for people.
    /// - Throws: `CutisError`: `.forbidden` (only administrators of the whole installation may), `.requestInvalid`,
    ///   `.conflict` where the name is taken.
    public func createClinic(name: String, title: String, by principal: Principal) async throws -> ClinicRecord {
        try principal.require(.accountsManage)
        guard principal.clinicID == nil else {
            throw CutisError(
                .forbidden, "An administrator of one clinic cannot add another.",
                remedy: "Ask an administrator of the installation.")
        }
        guard (1...63).contains(name.utf8.count),
            name.utf8.allSatisfy({ (97...122).contains($0) || (48...57).contains($0) || $0 == UInt8(ascii: "-") })
        else {
            throw CutisError(
                .requestInvalid, "The clinic's name is not 1–63 of a–z, 0–9 and -.",
                remedy: "Choose a short name such as `north-ward`; the title is for people.")
        }
        let title = try Self.title(title, of: "clinic")
        let clinic = ClinicRecord(
            id: Identifier.make(milliseconds: clock.now()), name: name, title: title, createdAt: clock.now())
        return try await database.write { [audit] transaction in
            try ClinicRepository(transaction).insert(clinic)
            try audit.append(
                AuditEntry("clinic.create", subject: clinic.id, by: principal, clinicID: clinic.id), in: transaction)
            return clinic
        }
    }

    /// The clinics that one sees, newest first.
    public func clinics(
        limit: Int = 100, before: PageCursor? = nil, by principal: Principal
    ) async throws -> [ClinicRecord] {
        try principal.require(.accountsRead)
        return try await database.read {
            try ClinicRepository($0).list(
                clinicID: principal.clinicID, limit: min(max(limit, 1), 1000), before: before)
        }
    }

    /// The user's own clinic, for headings; nil for users of the whole installation.
    public func ownClinic(of principal: Principal) async throws -> ClinicRecord? {
        guard let id = principal.clinicID else { return nil }
        return try await database.read { try ClinicRepository($0).find(id, clinicID: id) }
    }

    /// Adds a user.
    ///
    /// - Parameter clinic: the name of the clinic; nil for a user of the whole installation, whom only administrators
    ///   of the whole installation may add.
    /// - Throws: `CutisError`: `.forbidden`, `.notFound` for the clinic, `.requestInvalid` for a name, or a role that
    ///   needs a clinic.
    public func createUser(
        name: String, role: Role, clinic: String?, by principal: Principal
    ) async throws -> UserRecord {
        try principal.require(.accountsManage)
        let name = try Self.title(name, of: "user")
        guard clinic != nil || !Permissions.boundToClinic.contains(role) else {
            throw CutisError(
                .requestInvalid, "A \(role.rawValue) belongs to a clinic.", remedy: "Send the clinic's name.")
        }
        guard clinic != nil || principal.clinicID == nil else {
            throw CutisError(
                .forbidden, "An administrator of one clinic adds users of that clinic only.",
                remedy: "Send your clinic's name.")
        }
        let now = clock.now()
        return try await database.write { [audit] transaction in
            var clinicID: String?
            if let clinic {
                guard
                    let found = try ClinicRepository(transaction).find(name: clinic, clinicID: principal.clinicID)
                else { throw AnalysisService.missing("clinic") }
                clinicID = found.id
            }
            let user = UserRecord(
                id: Identifier.make(milliseconds: now), clinicID: clinicID, name: name, role: role, createdAt: now)
            try UserRepository(transaction).insert(user)
            try audit.append(
                AuditEntry(
                    "user.create", subject: user.id, by: principal, clinicID: clinicID,
                    details: ["role": .string(role.rawValue)]),
                in: transaction)
            return user
        }
    }

    /// The users that one sees, newest first.
    public func users(
        limit: Int = 100, before: PageCursor? = nil, by principal: Principal
    ) async throws -> [UserRecord] {
        try principal.require(.accountsRead)
        return try await database.read {
            try UserRepository($0).list(clinicID: principal.clinicID, limit: min(max(limit, 1), 1000), before: before)
        }
    }

    /// Disables a user, whose keys and browsers are of no use from then on, or enables it again.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.conflict` for one's own user.
    public func setDisabled(_ disabled: Bool, user id: String, by principal: Principal) async throws -> UserRecord {
        try principal.require(.accountsManage)
        guard id != principal.userID else {
            throw CutisError(
                .conflict, "You cannot disable the user that you are.", remedy: "Let another administrator do it.")
        }
        let now = clock.now()
        return try await database.write { [audit] transaction in
            var user = try Self.user(id, by: principal, in: transaction)
            user.disabledAt = disabled ? user.disabledAt ?? now : nil
            try UserRepository(transaction).setDisabled(id, clinicID: principal.clinicID, at: user.disabledAt)
            if disabled { try SessionRepository(transaction).delete(userID: id) }
            try audit.append(
                AuditEntry(
                    disabled ? "user.disable" : "user.enable", subject: id, by: principal, clinicID: user.clinicID),
                in: transaction)
            return user
        }
    }

    static func user(_ id: String, by principal: Principal, in transaction: any Transaction) throws -> UserRecord {
        guard Identifier.isValid(id),
            let user = try UserRepository(transaction).find(id, clinicID: principal.clinicID)
        else { throw AnalysisService.missing("user") }
        return user
    }

    private static func title(_ text: String, of what: String) throws(CutisError) -> String {
        let text = text.trimmingCharacters(in: .whitespacesAndNewlines)
        guard !text.isEmpty, text.utf8.count <= 200,
            text.unicodeScalars.allSatisfy({ $0.properties.generalCategory != .control })
        else {
            throw CutisError(
                .requestInvalid, "The \(what)'s name is empty, longer than 200 bytes, or has control characters.",
                remedy: "Send a name of 1–200 bytes.")
        }
        return text
    }
}
