import Crypto
import Foundation

/// One named step of the schema. Steps are only ever added at the end: a step that has been released never changes.
public struct Migration: Sendable {
    /// The name that the database remembers, such as `001-accounts`.
    public let name: String
    let statements: [Statement]

    init(name: String, statements: [Statement]) {
        self.name = name
        self.statements = statements
    }

    /// Makes a step of statements for both dialects.
    package init(name: String, common statements: [String]) {
        self.init(name: name, statements: statements.map { .both($0) })
    }

    /// One statement of a step, in a SQL that both dialects share except for a few marked words.
    enum Statement: Sendable {
        /// For both dialects; `{integer}`, `{real}`, `{text}`, `{bytes}` and `{strict}` stand for the dialect's word.
        case both(String)
        /// For one dialect, where there is no common spelling (triggers).
        case only(SQLDialect, String)
    }

    /// The statements as a dialect runs them.
    func statements(for dialect: SQLDialect) -> [String] {
        statements.compactMap { statement in
            switch statement {
            case .both(let text): Self.spell(text, in: dialect)
            case .only(let wanted, let text): wanted == dialect ? text : nil
            }
        }
    }

    /// SHA-256 of the step as it is written here, the same for both dialects: a step that was changed is noticed.
    package var checksum: String {
        var hash = SHA256()
        for statement in statements {
            switch statement {
            case .both(let text): hash.update(data: Data("both\n\(text)\n".utf8))
            case .only(let dialect, let text): hash.update(data: Data("\(dialect.rawValue)\n\(text)\n".utf8))
            }
        }
        return hash.finalize().map { String(format: "%02x", $0) }.joined()
    }

    /// SQLite's tables are strict, so that both databases refuse a value of another type; PostgreSQL's texts are
    /// compared byte by byte, as SQLite's are, so that both list in the same order.
    private static func spell(_ text: String, in dialect: SQLDialect) -> String {
        let words: [(String, String)] =
            switch dialect {
            case .sqlite:
                [
                    ("{integer}", "INTEGER"), ("{real}", "REAL"), ("{text}", "TEXT"), ("{bytes}", "BLOB"),
                    ("{strict}", "STRICT"),
                ]
            case .postgresql:
                [
                    ("{integer}", "BIGINT"), ("{real}", "DOUBLE PRECISION"), ("{text}", "TEXT COLLATE \"C\""),
                    ("{bytes}", "BYTEA"), ("{strict}", ""),
                ]
            }
        return words.reduce(text) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }
}
