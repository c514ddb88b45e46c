public import CutisCore
public import Foundation

/// One row of an answer, by the names of its columns.
public struct SQLRow: Sendable {
    private let columns: [String: Int]
    private let values: [SQLValue]

    /// Joins values with the place of each column.
    public init(columns: [String: Int], values: [SQLValue]) {
        self.columns = columns
        self.values = values
    }

    /// The value of a column.
    ///
    /// - Throws: `CutisError` with `.storageCorrupt` where there is no such column.
    public func value(_ column: String) throws(CutisError) -> SQLValue {
        guard let index = columns[column], values.indices.contains(index) else { throw mismatch(column, "is missing") }
        return values[index]
    }

    /// Text that is not null.
    public func text(_ column: String) throws(CutisError) -> String {
        guard case .text(let text) = try value(column) else { throw mismatch(column, "is not text") }
        return text
    }

    /// Text, or nil for null.
    public func optionalText(_ column: String) throws(CutisError) -> String? {
        if case .null = try value(column) { return nil }
        return try text(column)
    }

    /// A whole number that is not null.
    public func integer(_ column: String) throws(CutisError) -> Int64 {
        guard case .integer(let number) = try value(column) else { throw mismatch(column, "is not a whole number") }
        return number
    }

    /// A whole number, or nil for null.
    public func optionalInteger(_ column: String) throws(CutisError) -> Int64? {
        if case .null = try value(column) { return nil }
        return try integer(column)
    }

    /// A number that is not null; a whole one is widened.
    public func real(_ column: String) throws(CutisError) -> Double {
        switch try value(column) {
        case .real(let number): return number
        case .integer(let number): return Double(number)
        default: throw mismatch(column, "is not a number")
        }
    }

    /// A number, or nil for null.
    public func optionalReal(_ column: String) throws(CutisError) -> Double? {
        if case .null = try value(column) { return nil }
        return try real(column)
    }

    /// Bytes that are not null.
    public func bytes(_ column: String) throws(CutisError) -> Data {
        guard case .bytes(let data) = try value(column) else { throw mismatch(column, "is not bytes") }
        return data
    }

    private func mismatch(_ column: String, _ what: String) -> CutisError {
        CutisError(
            .storageCorrupt, "The column \(column) \(what).",
            remedy: "The database does not have the schema of this version: start `cutis serve`, or restore a backup.")
    }
}
