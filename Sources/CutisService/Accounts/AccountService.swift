import CutisCore
public import CutisStorage

/// Clinics, users, keys and sessions, and who a request comes from.
public struct AccountService: Sendable {
    let database: any Database
    let audit: AuditService
    let secret: InstallationSecret
    let clock: ServiceClock
    let sessionMilliseconds: Int64

    /// Joins the service's parts.
    ///
    /// - Parameter sessionMilliseconds: how long a browser stays signed in.
    public init(
        database: any Database, audit: AuditService, secret: InstallationSecret, clock: ServiceClock = .system,
        sessionMilliseconds: Int64 = 12 * 3_600_000
    ) {
        self.database = database
        self.audit = audit
        self.secret = secret
        self.clock = clock
        self.sessionMilliseconds = sessionMilliseconds
    }
}

/// A key that was just made: the only moment at which its text is known.
public struct NewKey: Sendable {
    /// The stored row.
    public var record: APIKeyRecord
    /// The key itself, `cutis_…`; it is shown once and never stored.
    public var text: String

    /// Joins the parts.
    public init(record: APIKeyRecord, text: String) {
        self.record = record
        self.text = text
    }
}

/// A browser that has just signed in.
public struct SignedIn: Sendable {
    /// Who has signed in.
    public var principal: Principal
    /// The cookie's value; only its hash is stored.
    public var token: String
    /// What forms of this session must send along.
    public var csrf: String
    /// When it ends, in milliseconds since 1970 UTC.
    public var expiresAt: Int64

    /// Joins the parts.
    public init(principal: Principal, token: String, csrf: String, expiresAt: Int64) {
        self.principal = principal
        self.token = token
        self.csrf = csrf
        self.expiresAt = expiresAt
    }
}

/// Someone whom another system vouches for: the verified claims of a token, as the configuration maps them.
public struct ExternalIdentity: Sendable, Hashable {
    /// Who vouches.
    public var issuer: String
    /// The name that the issuer has for the person.
    public var subject: String
    /// The name for people.
    public var name: String
    /// What the user may do.
    public var role: Role
    /// The name of the clinic; nil for the whole installation.
    public var clinic: String?

    /// Joins the parts.
    public init(issuer: String, subject: String, name: String, role: Role, clinic: String?) {
        self.issuer = issuer
        self.subject = subject
        self.name = name
        self.role = role
        self.clinic = clinic
    }
}
