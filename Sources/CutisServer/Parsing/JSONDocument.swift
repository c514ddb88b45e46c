package import CutisCore
import Foundation
package import NIOCore

/// A JSON text (RFC 8259) of untrusted origin, read once into places of the text.
///
/// Strings stay where they are until they are asked for, so that megabytes of base64 are never copied; nesting and the
/// number of values are limited before memory is taken for them.
package struct JSONDocument {
    /// What may be in a text.
    package struct Limits: Sendable {
        package var depth: Int
        /// Numbers, strings, objects and arrays in all; a tensor of 3 × 512 × 512 numbers fits.
        package var values: Int

        package init(depth: Int = 16, values: Int = 1_000_000) {
            self.depth = depth
            self.values = values
        }
    }

    /// One value by its place.
    package enum Node {
        case null
        case bool(Bool)
        case number(Range<Int>)
        /// Without the quotes; whether it holds escapes.
        case string(Range<Int>, isEscaped: Bool)
        case array([Node])
        case object([(key: String, value: Node)])
    }

    package let bytes: ByteBufferView
    package let root: Node

    /// Reads a text.
    ///
    /// - Throws: `CutisError` with `.requestInvalid` and the position of the first mistake.
    package init(_ buffer: ByteBuffer, limits: Limits = Limits()) throws(CutisError) {
        let view = buffer.readableBytesView
        bytes = view
        let result: Result<Node, CutisError> = view.withUnsafeBytes { raw in
            var reader = Reader(bytes: raw, limits: limits)
            do throws(CutisError) {
                return .success(try reader.document())
            } catch {
                return .failure(error)
            }
        }
        root = try result.get()
    }

    /// The bytes of a string or number as they are in the text, for as long as `body` runs.
    package func withBytes<Result>(_ range: Range<Int>, _ body: (UnsafeRawBufferPointer) throws -> Result) rethrows
        -> Result
    {
        try bytes.withUnsafeBytes { try body(UnsafeRawBufferPointer(rebasing: $0[range])) }
    }

    /// The text of a string, its escapes resolved.
    package func text(_ range: Range<Int>, isEscaped: Bool) throws(CutisError) -> String {
        let text: String? = withBytes(range) { raw in
            isEscaped ? Reader.unescape(raw) : String(validating: raw, as: UTF8.self)
        }
        guard let text else { throw Reader.mistake("a string that is not valid text", at: range.lowerBound) }
        return text
    }
}

extension JSONDocument {
    /// Reads by recursive descent.
    fileprivate struct Reader {
        let bytes: UnsafeRawBufferPointer
        let limits: Limits
        var position = 0
        var values = 0

        init(bytes: UnsafeRawBufferPointer, limits: Limits) {
            self.bytes = bytes
            self.limits = limits
        }

        static func mistake(_ what: String, at position: Int) -> CutisError {
            CutisError(
                .requestInvalid, "The body is not valid JSON: \(what) at byte \(position).",
                remedy: "Send UTF-8 JSON as described at /openapi.json.")
        }

        mutating func document() throws(CutisError) -> Node {
            let node = try value(depth: 0)
            skipSpace()
            guard position == bytes.count else { throw Self.mistake("something after the value", at: position) }
            return node
        }

        private mutating func value(depth: Int) throws(CutisError) -> Node {
            skipSpace()
            guard position < bytes.count else { throw Self.mistake("it ends too early", at: position) }
            values += 1
            guard values <= limits.values else { throw Self.mistake("too many values", at: position) }
            switch bytes[position] {
            case UInt8(ascii: "{"): return try object(depth: depth + 1)
            case UInt8(ascii: "["): return try array(depth: depth + 1)
            case UInt8(ascii: "\""):
                let (range, isEscaped) = try string()
                return .string(range, isEscaped: isEscaped)
            case UInt8(ascii: "t"): return try word("true", .bool(true))
            case UInt8(ascii: "f"): return try word("false", .bool(false))
            case UInt8(ascii: "n"): return try word("null", .null)
            default: return .number(try number())
            }
        }

        private mutating func object(depth: Int) throws(CutisError) -> Node {
            guard depth <= limits.depth else { throw Self.mistake("too deep nesting", at: position) }
            position += 1
            var members: [(key: String, value: Node)] = []
            var seen: Set<String> = []
            skipSpace()
            if take(UInt8(ascii: "}")) { return .object([]) }
            repeat {
                skipSpace()
                let start = position
                guard position < bytes.count, bytes[position] == UInt8(ascii: "\"") else {
                    throw Self.mistake("a key is missing", at: position)
                }
                let (range, isEscaped) = try string()
                let raw = UnsafeRawBufferPointer(rebasing: bytes[range])
                guard range.count <= 256,
                    let key = isEscaped ? Self.unescape(raw) : String(validating: raw, as: UTF8.self)
                else { throw Self.mistake("a key that is too long or not valid text", at: start) }
                guard seen.insert(key).inserted else { throw Self.mistake("a key that comes twice", at: start) }
                skipSpace()
                guard take(UInt8(ascii: ":")) else { throw Self.mistake("a colon is missing", at: position) }
                members.append((key, try value(depth: depth)))
                skipSpace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "}")) else { throw Self.mistake("an object does not end", at: position) }
            return .object(members)
        }

        private mutating func array(depth: Int) throws(CutisError) -> Node {
            guard depth <= limits.depth else { throw Self.mistake("too deep nesting", at: position) }
            position += 1
            var elements: [Node] = []
            skipSpace()
            if take(UInt8(ascii: "]")) { return .array([]) }
            repeat {
                elements.append(try value(depth: depth))
                skipSpace()
            } while take(UInt8(ascii: ","))
            guard take(UInt8(ascii: "]")) else { throw Self.mistake("an array does not end", at: position) }
            return .array(elements)
        }

        private mutating func string() throws(CutisError) -> (Range<Int>, Bool) {
            let start = position + 1
            var isEscaped = false
            var index = start
            while index < bytes.count {
                let byte = bytes[index]
                if byte == UInt8(ascii: "\"") {
                    position = index + 1
                    return (start..<index, isEscaped)
                }
                guard byte >= 0x20 else { throw Self.mistake("a control character in a string", at: index) }
                if byte == UInt8(ascii: "\\") {
                    isEscaped = true
                    index += 1
                }
                index += 1
            }
            throw Self.mistake("a string does not end", at: start)
        }

        /// A number by the grammar of RFC 8259.
        private mutating func number() throws(CutisError) -> Range<Int> {
            let start = position
            _ = take(UInt8(ascii: "-"))
            if !take(UInt8(ascii: "0")), digits() == 0 { throw Self.mistake("an unexpected character", at: start) }
            if take(UInt8(ascii: ".")), digits() == 0 { throw Self.mistake("a number that does not end", at: start) }
            if take(UInt8(ascii: "e")) || take(UInt8(ascii: "E")) {
                if !take(UInt8(ascii: "+")) { _ = take(UInt8(ascii: "-")) }
                if digits() == 0 { throw Self.mistake("a number that does not end", at: start) }
            }
            guard position - start <= 64 else { throw Self.mistake("a number that is too long", at: start) }
            return start..<position
        }

        private mutating func digits() -> Int {
            let start = position
            while position < bytes.count, (48...57).contains(bytes[position]) { position += 1 }
            return position - start
        }

        private mutating func word(_ text: StaticString, _ node: Node) throws(CutisError) -> Node {
            let count = text.utf8CodeUnitCount
            guard position + count <= bytes.count,
                (0..<count).allSatisfy({ bytes[position + $0] == text.utf8Start[$0] })
            else { throw Self.mistake("an unexpected character", at: position) }
            position += count
            return node
        }

        private mutating func skipSpace() {
            while position < bytes.count, [0x20, 0x0A, 0x0D, 0x09].contains(bytes[position]) { position += 1 }
        }

        private mutating func take(_ byte: UInt8) -> Bool {
            guard position < bytes.count, bytes[position] == byte else { return false }
            position += 1
            return true
        }

        /// Resolves the escapes of a string; nil where one is wrong or the result is not valid text.
        static func unescape(_ raw: UnsafeRawBufferPointer) -> String? {
            var out: [UInt8] = []
            out.reserveCapacity(raw.count)
            var index = 0
            while index < raw.count {
                guard raw[index] == UInt8(ascii: "\\") else {
                    out.append(raw[index])
                    index += 1
                    continue
                }
                guard index + 1 < raw.count else { return nil }
                switch raw[index + 1] {
                case UInt8(ascii: "\""), UInt8(ascii: "\\"), UInt8(ascii: "/"): out.append(raw[index + 1])
                case UInt8(ascii: "b"): out.append(0x08)
                case UInt8(ascii: "f"): out.append(0x0C)
                case UInt8(ascii: "n"): out.append(0x0A)
                case UInt8(ascii: "r"): out.append(0x0D)
                case UInt8(ascii: "t"): out.append(0x09)
                case UInt8(ascii: "u"):
                    guard let (scalar, length) = scalar(raw, at: index) else { return nil }
                    out.append(contentsOf: String(scalar).utf8)
                    index += length
                    continue
                default: return nil
                }
                index += 2
            }
            return String(validating: out, as: UTF8.self)
        }

        /// The character of `\uXXXX`, or of a pair of them, and how many bytes it takes.
        private static func scalar(_ raw: UnsafeRawBufferPointer, at index: Int) -> (Character, Int)? {
            guard let first = unit(raw, at: index) else { return nil }
            if let scalar = Unicode.Scalar(first) { return (Character(scalar), 6) }
            guard (0xD800..<0xDC00).contains(first), index + 7 < raw.count, raw[index + 6] == UInt8(ascii: "\\"),
                let second = unit(raw, at: index + 6), (0xDC00..<0xE000).contains(second),
                let scalar = Unicode.Scalar(0x10000 + (first - 0xD800) << 10 + (second - 0xDC00))
            else { return nil }
            return (Character(scalar), 12)
        }

        private static func unit(_ raw: UnsafeRawBufferPointer, at index: Int) -> UInt32? {
            guard index + 6 <= raw.count, raw[index + 1] == UInt8(ascii: "u") else { return nil }
            var number: UInt32 = 0
            for byte in raw[index + 2..<index + 6] {
                switch byte {
                case 48...57: number = number << 4 | UInt32(byte - 48)
                case 65...70: number = number << 4 | UInt32(byte - 55)
                case 97...102: number = number << 4 | UInt32(byte - 87)
                default: return nil
                }
            }
            return number
        }
    }
}
