/// A query over one kind of record: conditions that all hold, an order and a limit.
struct RecordQuery<Record: StoredRecord> {
    /// No list is longer, whatever a caller asks for.
    static var largestPage: Int { 1000 }

    private var statement: String
    private var conditions: [String] = []
    private var arguments: [SQLValue] = []

    /// - Parameter joining: more of the `FROM` clause, such as a table that knows the clinic.
    init(joining: String = "") {
        statement = Record.selection + (joining.isEmpty ? "" : " \(joining)")
    }

    /// Keeps the rows where a condition with one `?` for each argument holds.
    mutating func require(_ condition: String, _ values: SQLValue...) {
        conditions.append(condition)
        arguments += values
    }

    /// Keeps the rows of one clinic; nil keeps all, for those who look after the whole installation.
    mutating func tenant(_ clinicID: String?, column: String? = nil) {
        guard let clinicID else { return }
        require("\(column ?? "\(Record.table).clinic_id") = ?", .text(clinicID))
    }

    /// The one record that fulfils the conditions, if any.
    func first(in transaction: any Transaction) throws -> Record? {
        try run(in: transaction, tail: " LIMIT ?", limit: 1).first
    }

    /// The records after a cursor, newest first.
    func page(
        limit: Int, before cursor: PageCursor?, timeColumn: String = "created_at", in transaction: any Transaction
    ) throws -> [Record] {
        var query = self
        let (time, id) = ("\(Record.table).\(timeColumn)", "\(Record.table).id")
        if let cursor { query.require("(\(time), \(id)) < (?, ?)", .integer(cursor.createdAt), .text(cursor.id)) }
        return try query.all(limit: limit, order: "\(time) DESC, \(id) DESC", in: transaction)
    }

    /// The records in an order.
    func all(limit: Int?, order: String, in transaction: any Transaction) throws -> [Record] {
        try run(in: transaction, tail: " ORDER BY \(order)\(limit == nil ? "" : " LIMIT ?")", limit: limit)
    }

    private func run(in transaction: any Transaction, tail: String, limit: Int?) throws -> [Record] {
        let filter = conditions.isEmpty ? "" : " WHERE \(conditions.joined(separator: " AND "))"
        let last = limit.map { [SQLValue.integer(Int64(max(0, min($0, Self.largestPage))))] } ?? []
        return try transaction.query(statement + filter + tail, arguments + last).map(Record.init(row:))
    }
}
