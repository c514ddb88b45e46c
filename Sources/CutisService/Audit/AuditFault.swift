/// What is wrong with an audit trail, and where it first is.
public struct AuditFault: Error, Sendable, Hashable {
    /// The kinds of damage.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// An entry's content does not fit its hash.
        case edited
        /// An entry is missing between two others.
        case deleted
        /// Entries stand in another order than they were made.
        case reordered
        /// Entries are missing at the end.
        case truncated
        /// Entries follow the signed end, or a signed end names another entry at its place: all was made anew.
        case rewritten
        /// The signed end is missing or not signed by this installation.
        case headInvalid = "head-invalid"
        /// A line of an export cannot be read.
        case unreadable
    }

    /// What kind it is.
    public var kind: Kind
    /// The place in the chain at which it was found, from 1.
    public var sequence: Int64
    /// One sentence: what was found.
    public var message: String

    /// Joins the parts.
    public init(_ kind: Kind, at sequence: Int64, _ message: String) {
        self.kind = kind
        self.sequence = sequence
        self.message = message
    }
}

/// What checking an audit trail gave.
public struct AuditVerification: Sendable, Hashable {
    /// How many entries were found good before the first fault.
    public var count: Int64
    /// The hash of the last good entry.
    public var lastHash: String
    /// The first fault; nil for a trail without one.
    public var fault: AuditFault?

    /// Joins the parts.
    public init(count: Int64, lastHash: String, fault: AuditFault?) {
        self.count = count
        self.lastHash = lastHash
        self.fault = fault
    }
}
