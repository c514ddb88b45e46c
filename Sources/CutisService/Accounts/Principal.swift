public import CutisCore
public import CutisStorage

/// Who acts: a user that a key, a session or a token has proven.
public struct Principal: Sendable, Hashable {
    /// The user.
    public var userID: String
    /// The name for people.
    public var name: String
    /// What the user may do.
    public var role: Role
    /// The only clinic whose objects exist for this user; nil for the whole installation.
    public var clinicID: String?
    /// The API key that was used, directly or to sign in; nil for an external identity.
    public var keyID: String?

    /// Joins the parts.
    public init(userID: String, name: String, role: Role, clinicID: String?, keyID: String? = nil) {
        self.userID = userID
        self.name = name
        self.role = role
        self.clinicID = clinicID
        self.keyID = keyID
    }

    /// The service itself: what it does on its own, such as deleting by age.
    public static let system = Principal(userID: "system", name: "system", role: .admin, clinicID: nil)

    /// Whether the role may do something at all; on which objects, `clinicID` decides.
    public func may(_ action: Action) -> Bool { Permissions.allows(role, action) }

    /// Refuses what the role may not do.
    ///
    /// - Throws: `CutisError` with `.forbidden`.
    public func require(_ action: Action) throws(CutisError) {
        guard may(action) else {
            throw CutisError(
                .forbidden, "The role \(role.rawValue) may not do \(action.rawValue).",
                remedy: "Ask an administrator for a user whose role may do it (docs/api.md has the table).")
        }
        guard clinicID != nil || !Permissions.boundToClinic.contains(role) else {
            throw CutisError(
                .forbidden, "The user \(userID) has the role \(role.rawValue) but no clinic.",
                remedy: "Ask an administrator for a user of a clinic.")
        }
    }

    /// Whether an object of a clinic exists for this user.
    public func sees(clinic: String?) -> Bool { clinicID == nil || clinicID == clinic }
}
