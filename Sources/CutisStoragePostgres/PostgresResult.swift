import CPQ
import CutisCore
import CutisStorage
import Foundation

/// An answer of the server; frees libpq's memory.
struct PostgresResult: ~Copyable {
    private let pointer: OpaquePointer?

    init(_ pointer: OpaquePointer?) {
        self.pointer = pointer
    }

    deinit {
        PQclear(pointer)
    }

    var isSuccess: Bool {
        let status = PQresultStatus(pointer)
        return status == PGRES_TUPLES_OK || status == PGRES_COMMAND_OK || status == PGRES_EMPTY_QUERY
    }

    /// Which command ran, such as `COMMIT`.
    var command: String { PQcmdStatus(pointer).map { String(cString: $0) } ?? "" }

    /// How many rows a command changed.
    var changeCount: Int { PQcmdTuples(pointer).flatMap { Int(String(cString: $0)) } ?? 0 }

    /// A field of the server's error message.
    func field(_ code: PostgresErrorField) -> String? {
        PQresultErrorField(pointer, code.rawValue).map { String(cString: $0) }
    }

    /// The rows.
    ///
    /// - Throws: `CutisError` with `.storageCorrupt` for a value that is not of its column's type.
    func rows() throws(CutisError) -> [SQLRow] {
        let width = PQnfields(pointer)
        var columns: [String: Int] = [:]
        var types: [Oid] = []
        for column in 0..<width {
            columns[String(cString: PQfname(pointer, column))] = Int(column)
            types.append(PQftype(pointer, column))
        }
        var rows: [SQLRow] = []
        rows.reserveCapacity(Int(PQntuples(pointer)))
        for row in 0..<PQntuples(pointer) {
            var values: [SQLValue] = []
            values.reserveCapacity(types.count)
            for column in 0..<width {
                values.append(try value(row, column, type: types[Int(column)]))
            }
            rows.append(SQLRow(columns: columns, values: values))
        }
        return rows
    }

    private func value(_ row: Int32, _ column: Int32, type: Oid) throws(CutisError) -> SQLValue {
        guard PQgetisnull(pointer, row, column) == 0, let start = PQgetvalue(pointer, row, column) else { return .null }
        let length = Int(PQgetlength(pointer, row, column))
        let bytes = UnsafeRawBufferPointer(start: start, count: length)
        let converted: SQLValue? =
            switch type {
            case PostgresType.boolean: .integer(bytes.first == UInt8(ascii: "t") ? 1 : 0)
            case PostgresType.bigint, PostgresType.integer, PostgresType.smallint, PostgresType.oid:
                Int64(Self.text(bytes)).map { .integer($0) }
            case PostgresType.double, PostgresType.real: Double(Self.text(bytes)).map { .real($0) }
            // Sums of whole numbers arrive in this type.
            case PostgresType.numeric:
                Int64(Self.text(bytes)).map { .integer($0) } ?? Double(Self.text(bytes)).map { .real($0) }
            case PostgresType.bytea: Self.unescaped(bytes).map { .bytes($0) }
            default: .text(Self.text(bytes))
            }
        guard let converted else {
            throw CutisError(
                .storageCorrupt, "PostgreSQL gave a value that is not of its column's type (\(type)).",
                remedy: "Check the server's version and `bytea_output` (it must be hex).")
        }
        return converted
    }

    private static func text(_ bytes: UnsafeRawBufferPointer) -> String {
        String(decoding: bytes, as: UTF8.self)
    }

    /// The bytes of `\x0a0b…`.
    private static func unescaped(_ bytes: UnsafeRawBufferPointer) -> Data? {
        guard bytes.count >= 2, bytes.count.isMultiple(of: 2), bytes[0] == UInt8(ascii: "\\"),
            bytes[1] == UInt8(ascii: "x")
        else { return nil }
        var data = Data(count: bytes.count / 2 - 1)
        var isValid = true
        data.withUnsafeMutableBytes { out in
            for index in out.indices {
                let (high, low) = (digit(bytes[2 * index + 2]), digit(bytes[2 * index + 3]))
                isValid = isValid && high < 16 && low < 16
                out[index] = high << 4 | low & 15
            }
        }
        return isValid ? data : nil
    }

    private static func digit(_ byte: UInt8) -> UInt8 {
        switch byte {
        case UInt8(ascii: "0")...UInt8(ascii: "9"): byte - UInt8(ascii: "0")
        case UInt8(ascii: "a")...UInt8(ascii: "f"): byte - UInt8(ascii: "a") + 10
        default: 255
        }
    }
}

/// The fields of an error message that are read (`PG_DIAG_…` of postgres_ext.h, which Swift does not import). The
/// detail is left out: it repeats the values of rows.
enum PostgresErrorField: Int32 {
    case state = 0x43  // 'C'
    case message = 0x4D  // 'M'
    case table = 0x74  // 't'
    case constraint = 0x6E  // 'n'
}
