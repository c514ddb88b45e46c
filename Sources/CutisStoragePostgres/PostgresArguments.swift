import CPQ
import CutisCore
import CutisStorage
import Foundation

/// Arguments of a statement as libpq takes them: numbers as text, text and bytes in the binary format, which needs no
/// escapes and no end mark.
struct PostgresArguments {
    private let values: [SQLValue]

    /// - Throws: `CutisError` with `.dataInvalid` for a text with a zero byte.
    init(_ values: [SQLValue]) throws(CutisError) {
        try values.requireStorable()
        self.values = values
    }

    /// Runs a statement with the arguments.
    func run(_ statement: String, on connection: OpaquePointer) -> OpaquePointer? {
        var bytes: [UInt8] = []
        var offsets: [Int?] = []
        var lengths: [Int32] = []
        var formats: [Int32] = []
        var types: [Oid] = []
        for value in values {
            let start = bytes.count
            switch value {
            case .null: types.append(0)
            case .integer(let number):
                bytes += Array(String(number).utf8) + [0]
                types.append(PostgresType.bigint)
            case .real(let number):
                bytes += Array(Self.text(number).utf8) + [0]
                types.append(PostgresType.double)
            case .text(let text):
                bytes += Array(text.utf8)
                types.append(PostgresType.text)
            case .bytes(let data):
                bytes += data
                types.append(PostgresType.bytea)
            }
            let isBinary = [PostgresType.text, PostgresType.bytea].contains(types.last)
            offsets.append(value == .null ? nil : start)
            lengths.append(Int32(clamping: bytes.count - start))
            formats.append(isBinary ? 1 : 0)
        }
        // An empty value at the end must still have an address.
        bytes.append(0)
        return bytes.withUnsafeBufferPointer { buffer in
            let base = UnsafeRawPointer(buffer.baseAddress)?.assumingMemoryBound(to: CChar.self)
            let pointers = offsets.map { offset in offset.flatMap { start in base.map { $0 + start } } }
            return PQexecParams(connection, statement, Int32(values.count), types, pointers, lengths, formats, 0)
        }
    }

    private static func text(_ number: Double) -> String {
        if number.isNaN { return "NaN" }
        return number.isInfinite ? (number < 0 ? "-Infinity" : "Infinity") : "\(number)"
    }
}

/// The types of columns by their object identifiers (`pg_type.dat` of PostgreSQL's source; they never change).
enum PostgresType {
    static let boolean: Oid = 16
    static let bytea: Oid = 17
    static let bigint: Oid = 20
    static let smallint: Oid = 21
    static let integer: Oid = 23
    static let text: Oid = 25
    static let oid: Oid = 26
    static let real: Oid = 700
    static let double: Oid = 701
    static let numeric: Oid = 1700
}
