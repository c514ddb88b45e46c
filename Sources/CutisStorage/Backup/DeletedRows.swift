import Foundation

/// Decides which rows of a backup do not come back: those that have a tombstone, and all that belong to them.
///
/// Rows must come in the order of `Schema.tables`, so that what a row belongs to was seen before it.
struct DeletedRows {
    /// The identifiers of deleted rows by their tables.
    private var deleted: [String: Set<String>] = [:]
    /// The blobs of deleted rows.
    private(set) var blobKeys: Set<String> = []
    /// How many rows were left out, by tables.
    private(set) var counts: [String: Int] = [:]

    /// Begins with what was deleted itself.
    mutating func insert(kind: String, id: String) {
        deleted[kind, default: []].insert(id)
    }

    /// The rows of a table that come back.
    mutating func remaining(_ rows: [[SQLValue]], of layout: TableLayout) -> [[SQLValue]] {
        if deleted.isEmpty { return rows }
        let id = layout.place(of: "id")
        let blob = layout.place(of: "blob_key")
        return rows.filter { row in
            guard isDeleted(row, of: layout, id: id) else { return true }
            counts[layout.name, default: 0] += 1
            if let id, case .text(let text) = row[id], layout.name != TombstoneRecord.table {
                deleted[layout.name, default: []].insert(text)
            }
            if let blob, case .text(let key) = row[blob] { blobKeys.insert(key) }
            return false
        }
    }

    private func isDeleted(_ row: [SQLValue], of layout: TableLayout, id: Int?) -> Bool {
        switch layout.name {
        case TombstoneRecord.table, AuditRecord.table, "audit_head": return false
        // An answer that is kept for a repeated request tells of what it is about.
        case IdempotencyRecord.table: return row.contains { mentionsDeleted($0) }
        default: break
        }
        if let id, case .text(let text) = row[id], deleted[layout.name]?.contains(text) == true { return true }
        return layout.references.contains { reference in
            guard case .text(let text) = row[reference.column] else { return false }
            return deleted[reference.table]?.contains(text) == true
        }
    }

    /// Whether bytes hold the identifier of something that was deleted.
    private func mentionsDeleted(_ value: SQLValue) -> Bool {
        guard case .bytes(let data) = value, data.count >= 36 else { return false }
        let bytes = Array(data)
        for dash in 8...(bytes.count - 28) where bytes[dash] == UInt8(ascii: "-") {
            let text = String(decoding: bytes[dash - 8..<dash + 28], as: UTF8.self)
            if Identifier.isValid(text), deleted.values.contains(where: { $0.contains(text) }) { return true }
        }
        return false
    }
}
