/// What a person or machine may do (docs/api.md has the table).
public enum Role: String, Sendable, Hashable, Codable, CaseIterable {
    case clinician, reviewer, engineer, auditor, admin
    /// A camera or another system that sends images.
    case device
}

/// A clinic: the tenant to which every case belongs.
public struct ClinicRecord: Sendable, Hashable {
    /// The identifier (`Identifier`).
    public var id: String
    /// The name that requests use as `clinic_id`: a–z, 0–9 and `-`.
    public var name: String
    /// The name for people.
    public var title: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64

    /// Makes a record of its parts.
    public init(id: String, name: String, title: String, createdAt: Int64) {
        self.id = id
        self.name = name
        self.title = title
        self.createdAt = createdAt
    }
}

/// A person or machine that acts.
public struct UserRecord: Sendable, Hashable {
    /// The identifier (`Identifier`).
    public var id: String
    /// The clinic whose objects the user sees; nil for administrators of the whole installation.
    public var clinicID: String?
    /// The name for people.
    public var name: String
    /// What the user may do.
    public var role: Role
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64
    /// When the user was disabled; nil while enabled.
    public var disabledAt: Int64?

    /// Makes a record of its parts.
    public init(id: String, clinicID: String?, name: String, role: Role, createdAt: Int64, disabledAt: Int64? = nil) {
        self.id = id
        self.clinicID = clinicID
        self.name = name
        self.role = role
        self.createdAt = createdAt
        self.disabledAt = disabledAt
    }
}

/// A key with which a user calls the API; the key itself is never stored.
public struct APIKeyRecord: Sendable, Hashable {
    /// The identifier (`Identifier`).
    public var id: String
    /// The user.
    public var userID: String
    /// The first characters of the key, so that people can tell keys apart.
    public var prefix: String
    /// SHA-256 of the key, in hexadecimal; keys are 256 random bits, so that no slow hash is needed.
    public var hash: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64
    /// When it ends, in milliseconds since 1970 UTC.
    public var expiresAt: Int64?
    /// When it was taken back; nil while it counts.
    public var revokedAt: Int64?
    /// When it was last used.
    public var lastUsedAt: Int64?

    /// Makes a record of its parts.
    public init(
        id: String, userID: String, prefix: String, hash: String, createdAt: Int64, expiresAt: Int64? = nil,
        revokedAt: Int64? = nil, lastUsedAt: Int64? = nil
    ) {
        self.id = id
        self.userID = userID
        self.prefix = prefix
        self.hash = hash
        self.createdAt = createdAt
        self.expiresAt = expiresAt
        self.revokedAt = revokedAt
        self.lastUsedAt = lastUsedAt
    }
}

/// A browser that is signed in.
public struct SessionRecord: Sendable, Hashable {
    /// SHA-256 of the cookie's value.
    public var hash: String
    /// The user.
    public var userID: String
    /// The key that signed in.
    public var keyID: String
    /// When it was made, in milliseconds since 1970 UTC.
    public var createdAt: Int64
    /// When it ends, in milliseconds since 1970 UTC.
    public var expiresAt: Int64

    /// Makes a record of its parts.
    public init(hash: String, userID: String, keyID: String, createdAt: Int64, expiresAt: Int64) {
        self.hash = hash
        self.userID = userID
        self.keyID = keyID
        self.createdAt = createdAt
        self.expiresAt = expiresAt
    }
}
