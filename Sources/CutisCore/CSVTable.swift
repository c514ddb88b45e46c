package import Foundation

/// A comma-separated table with a header line (RFC 4180: quoted fields, doubled quotes, line breaks inside quotes;
/// also LF line ends and a byte-order mark).
package struct CSVTable: Sendable {
    /// The column names in their order.
    package let columns: [String]
    /// The fields of each row, as many as there are columns.
    package let rows: [[String]]
    /// The line of the file on which each row begins, counted from 1.
    package let lines: [Int]
    /// What the table is called in errors.
    package let path: String

    /// The largest file that is read.
    package static let maximumBytes = 256 << 20

    /// Reads a table.
    ///
    /// - Throws: `.fileNotFound`, `.fileEmpty`, or `.dataInvalid` with the line where the table is broken (a row with
    ///   another number of fields, a quote that never ends, a column name that occurs twice, bytes that are not UTF-8).
    package init(_ url: URL) throws(CutisError) {
        let data: Data
        do {
            data = try Data(contentsOf: url, options: .mappedIfSafe)
        } catch {
            throw CutisError(
                .fileNotFound, "Cannot read the table \(url.path).", remedy: "Check the path and its permissions.")
        }
        guard data.count <= Self.maximumBytes else {
            throw Self.broken(url.path, 1, "the file is larger than \(Self.maximumBytes >> 20) MiB")
        }
        guard let text = String(data: data, encoding: .utf8) else {
            throw Self.broken(url.path, 1, "the file is not UTF-8 text")
        }
        try self.init(text: text, path: url.path)
    }

    /// Parses a table; `path` names it in errors.
    package init(text: String, path: String) throws(CutisError) {
        var records = try Self.records(text, path)
        guard !records.isEmpty else {
            throw CutisError(.fileEmpty, "The table \(path) is empty.", remedy: "Give a table with a header line.")
        }
        let header = records.removeFirst().fields
        for (index, name) in header.enumerated() where header[..<index].contains(name) {
            throw Self.broken(path, 1, "the column '\(name)' occurs twice")
        }
        for record in records where record.fields.count != header.count {
            throw Self.broken(
                path, record.line, "there are \(record.fields.count) fields for \(header.count) columns")
        }
        columns = header
        rows = records.map(\.fields)
        lines = records.map(\.line)
        self.path = path
    }

    /// The position of a column.
    ///
    /// - Throws: `.dataInvalid` that names the missing column and those that there are.
    package func column(_ name: String) throws(CutisError) -> Int {
        guard let index = columns.firstIndex(of: name) else {
            throw CutisError(
                .dataInvalid, "The table \(path) has no column '\(name)' (it has \(columns.joined(separator: ", "))).",
                remedy: "Add the column or name the right table.")
        }
        return index
    }

    private typealias Record = (line: Int, fields: [String])

    private static func records(_ text: String, _ path: String) throws(CutisError) -> [Record] {
        var records: [Record] = []
        var fields: [String] = []
        var field: [UInt8] = []
        var line = 1
        var recordLine = 1
        var isQuoted = false
        var wasQuoted = false
        var bytes = Array(text.utf8)[...]
        if bytes.starts(with: [0xEF, 0xBB, 0xBF]) { bytes = bytes.dropFirst(3) }
        var index = bytes.startIndex

        func endField() {
            fields.append(String(decoding: field, as: UTF8.self))
            field = []
            wasQuoted = false
        }
        func endRecord() {
            let isBlank = fields.isEmpty && field.isEmpty && !wasQuoted
            if !isBlank {
                endField()
                records.append((recordLine, fields))
            }
            fields = []
        }
        while index < bytes.endIndex {
            let byte = bytes[index]
            let next = index + 1 < bytes.endIndex ? bytes[index + 1] : 0
            if byte == UInt8(ascii: "\n") { line += 1 }
            switch byte {
            case UInt8(ascii: "\"") where isQuoted && next == UInt8(ascii: "\""):
                field.append(byte)
                index += 1
            case UInt8(ascii: "\"") where isQuoted: isQuoted = false
            case UInt8(ascii: "\"") where field.isEmpty && !wasQuoted:
                isQuoted = true
                wasQuoted = true
            case _ where isQuoted: field.append(byte)
            case UInt8(ascii: ","): endField()
            case UInt8(ascii: "\r") where next == UInt8(ascii: "\n"): break
            case UInt8(ascii: "\n"):
                endRecord()
                recordLine = line
            default: field.append(byte)
            }
            index += 1
        }
        guard !isQuoted else { throw broken(path, recordLine, "a quoted field never ends") }
        endRecord()
        return records
    }

    private static func broken(_ path: String, _ line: Int, _ reason: String) -> CutisError {
        CutisError(
            .dataInvalid, "The table \(path) is broken at line \(line): \(reason).",
            remedy: "Correct that line and try again.")
    }
}
