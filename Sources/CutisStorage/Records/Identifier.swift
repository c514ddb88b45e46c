import Foundation

/// Identifiers of records: UUID version 7 (RFC 9562), which sort by the time at which they were made.
public enum Identifier {
    /// A new identifier in lower-case text.
    ///
    /// - Parameter milliseconds: since 1970 UTC.
    public static func make(milliseconds: Int64 = Timestamp.now) -> String {
        var generator = SystemRandomNumberGenerator()
        let time = UInt64(max(milliseconds, 0)) & 0xFFFF_FFFF_FFFF
        let first = (time << 16) | 0x7000 | (generator.next() & 0x0FFF)
        let second = (generator.next() & 0x3FFF_FFFF_FFFF_FFFF) | 0x8000_0000_0000_0000
        let digits = hexadecimal(first) + hexadecimal(second)
        let cuts = [0..<8, 8..<12, 12..<16, 16..<20, 20..<32]
        return cuts.map { String(Array(digits)[$0]) }.joined(separator: "-")
    }

    /// Whether a text has the form of an identifier, so that a request's path can be trusted in a statement or a key.
    public static func isValid(_ text: String) -> Bool {
        let bytes = Array(text.utf8)
        guard bytes.count == 36 else { return false }
        return bytes.enumerated().allSatisfy { index, byte in
            [8, 13, 18, 23].contains(index)
                ? byte == UInt8(ascii: "-")
                : (48...57).contains(byte) || (97...102).contains(byte)
        }
    }

    private static func hexadecimal(_ number: UInt64) -> String {
        let text = String(number, radix: 16)
        return String(repeating: "0", count: 16 - text.count) + text
    }
}

/// Times as they are stored.
public enum Timestamp {
    /// Now, in milliseconds since 1970 UTC.
    public static var now: Int64 { Int64((Date().timeIntervalSince1970 * 1000).rounded(.down)) }
}
