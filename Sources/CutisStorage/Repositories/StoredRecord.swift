package import Foundation

/// A record as rows of one table.
protocol StoredRecord {
    static var table: String { get }
    /// The names of the columns, in the order of `values`.
    static var columns: [String] { get }
    var values: [SQLValue] { get }
    init(row: SQLRow) throws
}

extension StoredRecord {
    static var selection: String { "SELECT \(columns.map { "\(table).\($0)" }.joined(separator: ", ")) FROM \(table)" }

    func insert(into transaction: any Transaction) throws {
        try transaction.execute(Self.insertion, values)
    }

    /// Inserts unless a uniqueness is violated; then nothing happens, and the transaction goes on.
    ///
    /// - Returns: whether the row is new.
    func insertIfNew(into transaction: any Transaction) throws -> Bool {
        try transaction.execute("\(Self.insertion) ON CONFLICT DO NOTHING", values) == 1
    }

    private static var insertion: String {
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        return "INSERT INTO \(table) (\(columns.joined(separator: ", "))) VALUES (\(places))"
    }
}

extension SQLValue {
    package init(_ text: String?) { self = text.map { .text($0) } ?? .null }
    package init(_ number: Int64?) { self = number.map { .integer($0) } ?? .null }
    package init(_ number: Double?) { self = number.map { .real($0) } ?? .null }
    package init(_ data: Data?) { self = data.map { .bytes($0) } ?? .null }
}
