import Crypto
import Foundation

/// How many rows a table has, and SHA-256 over all of them in the order of the primary key: equal in two databases only
/// where every value is.
public struct TableDigest: Sendable, Hashable {
    /// The table's name.
    public let table: String
    /// The number of rows.
    public let rows: Int
    /// In hexadecimal, over the rows as a backup writes them.
    public let sha256: String

    /// Reads whole tables, all or those that are named, in the order of `Schema.tables`.
    public static func all(
        in transaction: any Transaction, dialect: SQLDialect
    ) throws -> [TableDigest] {
        try TableLayout.all(in: transaction, dialect: dialect).map { layout in
            var builder = Builder(layout.name)
            try layout.forEachPage(in: transaction) { builder.add($0) }
            return builder.digest
        }
    }

    /// Takes rows up one page after another.
    struct Builder {
        private let table: String
        private var rows = 0
        private var hash = SHA256()

        init(_ table: String) {
            self.table = table
        }

        mutating func add(_ page: [[SQLValue]]) {
            var data = Data()
            for row in page { RowCoding.append(row, to: &data) }
            hash.update(data: data)
            rows += page.count
        }

        var digest: TableDigest {
            TableDigest(table: table, rows: rows, sha256: HashedFile.text(hash.finalize()))
        }
    }
}
