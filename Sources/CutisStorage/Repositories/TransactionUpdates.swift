import CutisCore

extension Transaction {
    /// Changes rows that fulfil equalities, and that belong to a clinic where one is given.
    ///
    /// - Returns: how many rows changed.
    func update(
        _ assignment: String, _ values: [SQLValue], where keys: [(column: String, value: String)], clinicID: String?
    ) throws -> Int {
        let filter = Self.filter(keys, clinicID)
        return try execute("UPDATE \(assignment)\(filter.text)", values + filter.arguments)
    }

    /// Removes rows that fulfil equalities, and that belong to a clinic where one is given.
    ///
    /// - Returns: how many rows were removed.
    func delete(from table: String, where keys: [(column: String, value: String)], clinicID: String?) throws -> Int {
        let filter = Self.filter(keys, clinicID)
        return try execute("DELETE FROM \(table)\(filter.text)", filter.arguments)
    }

    private static func filter(
        _ keys: [(column: String, value: String)], _ clinicID: String?
    ) -> (text: String, arguments: [SQLValue]) {
        let all = keys + (clinicID.map { [(column: "clinic_id", value: $0)] } ?? [])
        return (" WHERE " + all.map { "\($0.column) = ?" }.joined(separator: " AND "), all.map { .text($0.value) })
    }
}

extension SQLRow {
    /// A text that is one of a type's cases.
    func choice<Choice: RawRepresentable<String>>(_ column: String) throws(CutisError) -> Choice {
        let text = try text(column)
        guard let choice = Choice(rawValue: text) else {
            throw CutisError(
                .storageCorrupt, "The column \(column) holds “\(text.prefix(40))”, which this version does not know.",
                remedy: "Use the version of Cutis that wrote it, or restore a backup.")
        }
        return choice
    }
}
