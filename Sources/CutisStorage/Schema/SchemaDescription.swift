/// What a database says of its own schema, in lines that are the same for both dialects.
///
/// A line is a table, a column with its type and place in the primary key, a foreign key, a uniqueness, an index or a
/// trigger. The table of the migrations itself is left out.
public struct SchemaDescription: Sendable, Hashable {
    /// The lines, sorted.
    public let lines: [String]

    init(lines: [String]) {
        self.lines = lines.sorted()
    }

    /// Asks the database that a transaction is on.
    public init(of transaction: any Transaction, dialect: SQLDialect) throws {
        let catalogue = SchemaCatalogue(dialect)
        var lines = try transaction.query(catalogue.columns, []).map(Self.column)
        lines += Set(try transaction.query(catalogue.columns, []).map { "table \(try $0.text("table_name"))" })
        lines += try Self.groups(of: transaction.query(catalogue.foreignKeys, [])).map { rows in
            let from = try rows.map { try $0.text("column_name") }.joined(separator: ", ")
            let to = try rows.map { try $0.text("target_column") }.joined(separator: ", ")
            let (table, target) = (try rows[0].text("table_name"), try rows[0].text("target_table"))
            return "foreign key \(table) (\(from)) to \(target) (\(to))"
        }
        lines += try Self.groups(of: transaction.query(catalogue.indexes, [])).map { rows in
            let columns = try rows.map { try $0.text("column_name") }.joined(separator: ", ")
            let kind = try rows[0].integer("is_unique") == 1 ? "unique" : "index"
            let name = try rows[0].integer("is_constraint") == 1 ? "" : " \(try rows[0].text("name"))"
            return "\(kind) \(try rows[0].text("table_name")) (\(columns))\(name)"
        }
        lines += try transaction.query(catalogue.triggers, []).map {
            "trigger \(try $0.text("table_name")) \(try $0.text("name"))"
        }
        self.init(lines: lines.filter { !$0.contains(" \(SchemaVersion.table)") })
    }

    /// The lines that only one of two descriptions has: `missing …` where this one lacks it, `unexpected …` where it
    /// has more than the other. Whole tables come first.
    public func differences(from expected: SchemaDescription) -> [String] {
        let (mine, wanted) = (Set(lines), Set(expected.lines))
        let all =
            wanted.subtracting(mine).sorted().map { "missing \($0)" }
            + mine.subtracting(wanted).sorted().map { "unexpected \($0)" }
        return all.filter { $0.contains(" table ") } + all.filter { !$0.contains(" table ") }
    }

    private static func column(_ row: SQLRow) throws -> String {
        let type =
            switch try row.text("type").uppercased() {
            case "INTEGER", "BIGINT": "integer"
            case "REAL", "DOUBLE PRECISION": "real"
            case "TEXT": "text"
            case "BLOB", "BYTEA": "bytes"
            case let other: other
            }
        let place = try row.integer("key_place")
        return "column \(try row.text("table_name")).\(try row.text("column_name")) \(type)"
            + (try row.integer("is_required") == 1 ? " not null" : "") + (place > 0 ? " key \(place)" : "")
    }

    /// Rows that belong to one key or index stand together and in order; each group is one of them.
    private static func groups(of rows: [SQLRow]) throws -> [[SQLRow]] {
        var groups: [[SQLRow]] = []
        var last: String?
        for row in rows {
            let name = "\(try row.text("table_name")) \(try row.text("name"))"
            if name == last { groups[groups.count - 1].append(row) } else { groups.append([row]) }
            last = name
        }
        return groups
    }
}
