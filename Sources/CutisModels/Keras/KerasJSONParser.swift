import CutisCore
package import Foundation

/// Parses hostile JSON: bounded in bytes, depth and values, without recursion deeper than its limit.
///
/// Foundation's parsers refuse `-Infinity`, which Python writes for a masked score.
package struct KerasJSONParser {
    /// The longest text that is read, in bytes. A head's `config.json` has some ten kilobytes.
    package static let maximumBytes = 16 << 20
    /// The deepest nesting. Every nested sub-model takes five levels.
    package static let maximumDepth = 128
    /// The most values in one text.
    package static let maximumValues = 2_000_000

    private let bytes: [UInt8]
    private var position = 0
    private var values = 0

    /// Parses one JSON value that fills the whole text.
    ///
    /// - Throws: `KerasFault` with the position of the fault.
    package static func parse(_ data: Data) throws(KerasFault) -> KerasJSON {
        guard data.count <= maximumBytes else {
            throw KerasFault("its config.json has \(data.count) bytes; at most \(maximumBytes) are read")
        }
        var parser = KerasJSONParser(bytes: [UInt8](data))
        let value = try parser.value(depth: 0)
        parser.skipSpace()
        guard parser.position == parser.bytes.count else { throw parser.fault("text after the end of the value") }
        return value
    }

    private init(bytes: [UInt8]) {
        self.bytes = bytes
    }

    private mutating func value(depth: Int) throws(KerasFault) -> KerasJSON {
        guard depth <= Self.maximumDepth else { throw fault("nesting deeper than \(Self.maximumDepth)") }
        values += 1
        guard values <= Self.maximumValues else { throw fault("more than \(Self.maximumValues) values") }
        skipSpace()
        switch current {
        case UInt8(ascii: "{"): return try object(depth: depth)
        case UInt8(ascii: "["): return try array(depth: depth)
        case UInt8(ascii: "\""): return .string(try string())
        default: return try word()
        }
    }

    private mutating func object(depth: Int) throws(KerasFault) -> KerasJSON {
        position += 1
        var members: [String: KerasJSON] = [:]
        if take(UInt8(ascii: "}")) { return .object(members) }
        repeat {
            skipSpace()
            guard current == UInt8(ascii: "\"") else { throw fault("no key where one is needed") }
            let key = try string()
            guard take(UInt8(ascii: ":")) else { throw fault("no ':' after a key") }
            let member = try value(depth: depth + 1)
            guard members.updateValue(member, forKey: key) == nil else { throw fault("the same key twice") }
        } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "}")) else { throw fault("no '}' where one is needed") }
        return .object(members)
    }

    private mutating func array(depth: Int) throws(KerasFault) -> KerasJSON {
        position += 1
        var elements: [KerasJSON] = []
        if take(UInt8(ascii: "]")) { return .array(elements) }
        repeat { elements.append(try value(depth: depth + 1)) } while take(UInt8(ascii: ","))
        guard take(UInt8(ascii: "]")) else { throw fault("no ']' where one is needed") }
        return .array(elements)
    }

    private mutating func word() throws(KerasFault) -> KerasJSON {
        let start = position
        while let byte = current, byte > 0x20, ![0x2C, 0x3A, 0x5B, 0x5D, 0x7B, 0x7D, 0x22].contains(byte) {
            position += 1
        }
        let word = String(decoding: bytes[start..<position], as: UTF8.self)
        switch word {
        case "null": return .null
        case "true": return .bool(true)
        case "false": return .bool(false)
        case "NaN": return .number(.nan)
        case "Infinity": return .number(.infinity)
        case "-Infinity": return .number(-.infinity)
        default: break
        }
        let isNumber = word.utf8.allSatisfy {
            (0x30...0x39).contains($0) || [0x2B, 0x2D, 0x2E, 0x45, 0x65].contains($0)
        }
        guard word.utf8.count <= 400, isNumber, word.first != "+" else {
            throw fault("no value where one is needed")
        }
        if let integer = Int(word) { return .integer(integer) }
        guard let number = Double(word), number.isFinite else { throw fault("a number that cannot be read") }
        return .number(number)
    }

    private mutating func string() throws(KerasFault) -> String {
        position += 1
        var units: [UInt8] = []
        while let byte = current {
            position += 1
            switch byte {
            case UInt8(ascii: "\""):
                guard let text = String(validating: units, as: UTF8.self) else {
                    throw fault("text that is not UTF-8")
                }
                return text
            case UInt8(ascii: "\\"): units.append(contentsOf: Array(String(try escape()).utf8))
            case 0..<0x20: throw fault("a control character in a string")
            default: units.append(byte)
            }
        }
        throw fault("a string without an end")
    }

    private mutating func escape() throws(KerasFault) -> Character {
        guard let byte = current else { throw fault("a string without an end") }
        position += 1
        switch byte {
        case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): return Character(Unicode.Scalar(byte))
        case UInt8(ascii: "b"): return "\u{08}"
        case UInt8(ascii: "f"): return "\u{0C}"
        case UInt8(ascii: "n"): return "\n"
        case UInt8(ascii: "r"): return "\r"
        case UInt8(ascii: "t"): return "\t"
        case UInt8(ascii: "u"):
            let unit = try hexUnit()
            if let scalar = Unicode.Scalar(unit) { return Character(scalar) }
            guard unit < 0xDC00, bytes[position...].starts(with: [0x5C, 0x75]) else {
                throw fault("half a surrogate pair")
            }
            position += 2
            let low = try hexUnit()
            guard (0xDC00...0xDFFF).contains(low),
                let scalar = Unicode.Scalar(0x10000 + ((unit - 0xD800) << 10) + (low - 0xDC00))
            else { throw fault("half a surrogate pair") }
            return Character(scalar)
        default: throw fault("an unknown escape")
        }
    }

    private mutating func hexUnit() throws(KerasFault) -> UInt32 {
        var unit: UInt32 = 0
        for _ in 0..<4 {
            guard let byte = current, let digit = Character(Unicode.Scalar(byte)).hexDigitValue else {
                throw fault("a bad \\u escape")
            }
            unit = unit << 4 | UInt32(digit)
            position += 1
        }
        return unit
    }

    private var current: UInt8? { position < bytes.count ? bytes[position] : nil }

    private mutating func take(_ byte: UInt8) -> Bool {
        skipSpace()
        guard current == byte else { return false }
        position += 1
        return true
    }

    private mutating func skipSpace() {
        while let byte = current, byte == 0x20 || byte == 0x0A || byte == 0x0D || byte == 0x09 { position += 1 }
    }

    private func fault(_ reason: String) -> KerasFault {
        KerasFault("its config.json has \(reason) at byte \(position)")
    }
}
