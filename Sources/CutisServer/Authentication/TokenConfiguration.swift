public import CutisStorage
public import Foundation

/// Which tokens (JWT, RFC 7519) of an identity provider are accepted, and what their claims mean.
///
/// Nothing is taken from a token before its signature is proven by a key of this set: no algorithm, no key, no address.
public struct TokenConfiguration: Sendable {
    /// The signatures that can be allowed: asymmetric ones only, so that a public key can never serve as a secret.
    public enum Algorithm: String, Sendable, Hashable, CaseIterable {
        case rs256 = "RS256", rs384 = "RS384", rs512 = "RS512"
        case ps256 = "PS256", ps384 = "PS384", ps512 = "PS512"
        case es256 = "ES256", es384 = "ES384", es512 = "ES512"
        case edDSA = "EdDSA"
    }

    /// Where the provider's keys are.
    public enum KeySource: Sendable, Hashable {
        /// An `https` address that answers with a key set (RFC 7517).
        case address(URL)
        /// A file with a key set.
        case file(URL)
    }

    /// The `iss` of every accepted token, exactly.
    public var issuer: String
    /// What `aud` must hold.
    public var audience: String
    /// The signatures that are accepted.
    public var algorithms: Set<Algorithm>
    /// Where the keys are.
    public var keys: KeySource
    /// The certificates of authorities (PEM) that the keys' address is trusted by; nil for those of the system.
    public var authority: URL?
    /// The claim that holds a role, or a list of roles of which the first known one counts.
    public var roleClaim: String
    /// The claim that holds the name of the clinic; administrators may come without.
    public var clinicClaim: String
    /// What the provider's roles are called here; a role that is not in the table is refused.
    public var roles: [String: Role]
    /// How far the clocks may differ, in seconds.
    public var leeway: Int64

    /// Takes any role by its own name, unless the provider calls them otherwise.
    public init(
        issuer: String, audience: String, algorithms: Set<Algorithm> = [.rs256, .es256, .edDSA], keys: KeySource,
        authority: URL? = nil, roleClaim: String = "role", clinicClaim: String = "clinic",
        roles: [String: Role] = Dictionary(uniqueKeysWithValues: Role.allCases.map { ($0.rawValue, $0) }),
        leeway: Int64 = 60
    ) {
        self.issuer = issuer
        self.audience = audience
        self.algorithms = algorithms
        self.keys = keys
        self.authority = authority
        self.roleClaim = roleClaim
        self.clinicClaim = clinicClaim
        self.roles = roles
        self.leeway = leeway
    }
}
