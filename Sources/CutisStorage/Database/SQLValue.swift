public import Foundation

/// A value of a column, or an argument of a statement: what SQLite and PostgreSQL both store without loss.
///
/// Times are integers (milliseconds since 1970 UTC), truth is 0 or 1, identifiers are lower-case text.
public enum SQLValue: Sendable, Hashable {
    case null
    case integer(Int64)
    case real(Double)
    case text(String)
    case bytes(Data)
}
