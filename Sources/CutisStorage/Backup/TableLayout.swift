import CutisCore

/// A table's columns and keys, as its database describes them.
struct TableLayout: Sendable, Hashable {
    /// Columns that refer to the identifier of a row in another table.
    struct Reference: Sendable, Hashable {
        let column: Int
        let table: String
    }

    let name: String
    let columns: [String]
    /// The places of the primary key's columns.
    let key: [Int]
    let references: [Reference]

    /// The tables of the schema that a database has, each after those that it refers to.
    static func all(in transaction: any Transaction, dialect: SQLDialect) throws -> [TableLayout] {
        let catalogue = SchemaCatalogue(dialect)
        let columns = try grouped(transaction.query(catalogue.columns, []))
        let references = try grouped(transaction.query(catalogue.foreignKeys, []))
        return try Schema.tables.compactMap { name in
            guard let rows = columns[name] else { return nil }
            let names = try rows.map { try $0.text("column_name") }
            let places = try rows.enumerated().map { (index: $0.offset, place: try $0.element.integer("key_place")) }
            let targets = try (references[name] ?? []).compactMap { row -> Reference? in
                guard try row.text("target_column") == "id",
                    let column = names.firstIndex(of: try row.text("column_name"))
                else { return nil }
                return Reference(column: column, table: try row.text("target_table"))
            }
            return TableLayout(
                name: name, columns: names,
                key: places.filter { $0.place > 0 }.sorted { $0.place < $1.place }.map(\.index), references: targets)
        }
    }

    /// The place of a column.
    func place(of column: String) -> Int? { columns.firstIndex(of: column) }

    /// Hands all rows over in the order of the primary key, which is the same in both databases, a page at a time.
    func forEachPage(in transaction: any Transaction, _ body: ([[SQLValue]]) throws -> Void) throws {
        let list = columns.joined(separator: ", ")
        let order = key.map { columns[$0] }.joined(separator: ", ")
        let marks = key.map { _ in "?" }.joined(separator: ", ")
        var last: [SQLValue] = []
        while true {
            let place = last.isEmpty ? "" : "WHERE (\(order)) > (\(marks))"
            let rows = try transaction.query(
                "SELECT \(list) FROM \(name) \(place) ORDER BY \(order) LIMIT \(Self.pageSize)", last)
            let page = try rows.map { row in try columns.map { try row.value($0) } }
            guard let end = page.last else { return }
            try body(page)
            if page.count < Self.pageSize { return }
            last = key.map { end[$0] }
        }
    }

    /// Adds rows; several go in one statement.
    func insert(_ rows: [[SQLValue]], into transaction: any Transaction) throws {
        let list = columns.joined(separator: ", ")
        let marks = "(\(columns.map { _ in "?" }.joined(separator: ", ")))"
        var rest = rows[...]
        while !rest.isEmpty {
            // Two sizes only, so that each database prepares two statements for a table.
            let count = rest.count >= Self.rowsPerStatement ? Self.rowsPerStatement : 1
            let values = Array(repeating: marks, count: count).joined(separator: ", ")
            try transaction.execute(
                "INSERT INTO \(name) (\(list)) VALUES \(values)", Array(rest.prefix(count).joined()))
            rest = rest.dropFirst(count)
        }
    }

    private static let pageSize = 64
    private static let rowsPerStatement = 32

    private static func grouped(_ rows: [SQLRow]) throws -> [String: [SQLRow]] {
        var groups: [String: [SQLRow]] = [:]
        for row in rows { groups[try row.text("table_name"), default: []].append(row) }
        return groups
    }
}

extension TableLayout {
    /// The tables that a new schema fills itself: what is copied takes the place of their rows.
    private static let seeded: Set<String> = ["audit_head"]

    /// Removes what a new schema put into the table.
    func removeSeeds(in transaction: any Transaction) throws {
        if Self.seeded.contains(name) { try transaction.execute("DELETE FROM \(name)", []) }
    }

    /// Checks that a database holds nothing yet.
    ///
    /// - Throws: `CutisError` with `.conflict` that names a table with rows.
    static func checkEmpty(_ transaction: any Transaction, dialect: SQLDialect) throws {
        for table in try all(in: transaction, dialect: dialect) {
            let condition = seeded.contains(table.name) ? "WHERE sequence > 0" : ""
            let rows = try transaction.query("SELECT 1 AS one FROM \(table.name) \(condition) LIMIT 1", [])
            guard rows.isEmpty else {
                throw CutisError(
                    .conflict, "The target database is not empty: its table \(table.name) has rows.",
                    remedy: "Name a new data folder or an empty database; nothing was changed.")
            }
        }
    }

    /// Brings an empty database to the schema of the rows that are coming: that of the first migrations.
    ///
    /// - Throws: `CutisError` with `.schemaMismatch` for rows of a schema that this version does not know.
    static func prepare(_ database: any Database, migrations names: [String], source: String) async throws {
        let known = Schema.migrations.prefix(names.count)
        guard known.map(\.name) == names else {
            let strange = names.first { name in !Schema.migrations.contains { $0.name == name } } ?? names.last ?? ""
            throw CutisError(
                .schemaMismatch, "\(source) has the schema \(strange), which this version does not know.",
                remedy: "Use the version of Cutis that made it, or a newer one.")
        }
        let dialect = database.dialect
        try await database.read { try checkEmpty($0, dialect: dialect) }
        _ = try await Schema.migrate(database, to: Array(known))
    }

    /// The names of the migrations that a database has.
    static func migrations(of transaction: any Transaction, dialect: SQLDialect) throws -> [String] {
        let missing = try SchemaVersion(of: transaction, dialect: dialect).missing(in: Schema.migrations)
        return Schema.migrations.dropLast(missing.count).map(\.name)
    }
}
