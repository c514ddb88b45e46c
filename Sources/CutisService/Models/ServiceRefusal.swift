public import CutisCore

/// How urgent a request is; the greater comes first, and what waits long is not left waiting for ever.
public enum Priority: Int, Sendable, Hashable, Comparable, CaseIterable {
    /// Work that nobody waits for, such as a re-reading of old cases.
    case batch
    /// Somebody sits before the screen.
    case interactive

    /// Whether the first is less urgent.
    public static func < (one: Priority, other: Priority) -> Bool { one.rawValue < other.rawValue }
}

/// A request that is refused for the load at this moment, not for what it holds.
public struct ServiceRefusal: Error, Sendable, Hashable, CustomStringConvertible {
    /// The problem: `rateLimited`, `overloaded`, `deadlineExceeded` or `modelUnavailable`.
    public let error: CutisError
    /// In how many seconds the same request has a chance; nil where waiting alone does not help.
    public let retryAfter: Int?

    /// Joins a problem and the time to wait.
    public init(_ error: CutisError, retryAfter: Int?) {
        self.error = error
        self.retryAfter = retryAfter
    }

    /// Both sentences of the problem.
    public var description: String { error.description }
}
