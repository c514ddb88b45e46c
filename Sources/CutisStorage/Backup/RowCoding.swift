import CutisCore
import Foundation

/// Rows as bytes, the same for both databases.
///
/// A row is the length of the rest (4 bytes, little-endian) and its values in the order of the table's columns. A value
/// is a byte for its kind and the content: 0 null; 1 a whole number and 2 a real one, both 8 bytes, little-endian;
/// 3 text in UTF-8 and 4 bytes, both after their length in 4 bytes.
enum RowCoding {
    /// No row is longer.
    static let longestRow = 1 << 30

    /// Adds a row to the end of a buffer.
    static func append(_ values: [SQLValue], to data: inout Data) {
        let start = data.count
        append(UInt32(0), to: &data)
        for value in values {
            switch value {
            case .null: data.append(0)
            case .integer(let number):
                data.append(1)
                append(UInt64(bitPattern: number), to: &data)
            case .real(let number):
                data.append(2)
                append(number.bitPattern, to: &data)
            case .text(let text):
                data.append(3)
                append(UInt32(clamping: text.utf8.count), to: &data)
                data.append(contentsOf: text.utf8)
            case .bytes(let bytes):
                data.append(4)
                append(UInt32(clamping: bytes.count), to: &data)
                data.append(bytes)
            }
        }
        let length = UInt32(clamping: data.count - start - 4)
        let place = data.startIndex + start
        withUnsafeBytes(of: length.littleEndian) { data.replaceSubrange(place..<place + 4, with: $0) }
    }

    /// The values of a row without its length, or nil where the bytes are not a row of so many columns.
    static func values(of row: Data, columns: Int) -> [SQLValue]? {
        var rest = row[...]
        var values: [SQLValue] = []
        values.reserveCapacity(columns)
        for _ in 0..<columns {
            guard let value = value(from: &rest) else { return nil }
            values.append(value)
        }
        return rest.isEmpty ? values : nil
    }

    private static func value(from rest: inout Data) -> SQLValue? {
        guard let kind = rest.popFirst() else { return nil }
        switch kind {
        case 0: return .null
        case 1: return integer(UInt64.self, from: &rest).map { .integer(Int64(bitPattern: $0)) }
        case 2: return integer(UInt64.self, from: &rest).map { .real(Double(bitPattern: $0)) }
        case 3: return content(from: &rest).flatMap { String(validating: $0, as: UTF8.self) }.map { .text($0) }
        case 4: return content(from: &rest).map { .bytes(Data($0)) }
        default: return nil
        }
    }

    private static func content(from rest: inout Data) -> Data? {
        guard let length = integer(UInt32.self, from: &rest), length <= rest.count else { return nil }
        defer { rest = rest.dropFirst(Int(length)) }
        return rest.prefix(Int(length))
    }

    private static func append(_ number: some FixedWidthInteger, to data: inout Data) {
        withUnsafeBytes(of: number.littleEndian) { data.append(contentsOf: $0) }
    }

    private static func integer<Number: FixedWidthInteger>(_: Number.Type, from rest: inout Data) -> Number? {
        let size = MemoryLayout<Number>.size
        guard rest.count >= size else { return nil }
        defer { rest = rest.dropFirst(size) }
        return rest.prefix(size).reversed().reduce(Number(0)) { $0 << 8 | Number(truncatingIfNeeded: $1) }
    }
}
