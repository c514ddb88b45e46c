public import CutisCore
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

extension [SQLValue] {
    /// Refuses what the databases cannot keep whole: SQLite's driver would cut a text off at its first zero byte, and
    /// PostgreSQL takes none.
    ///
    /// - Throws: `CutisError` with `.dataInvalid`.
    public func requireStorable() throws(CutisError) {
        for case .text(let text) in self where text.utf8.contains(0) {
            throw CutisError(
                .dataInvalid, "A text holds a zero byte, which the database cannot keep.",
                remedy: "Remove the zero byte from the text.")
        }
    }
}
