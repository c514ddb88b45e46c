package import Foundation

/// Base64 (RFC 4648), read from where it lies and written in one pass.
package enum Base64 {
    /// Why a text is refused.
    package enum Failure: Error, Hashable {
        /// It would decode to more than the limit; nothing has been decoded.
        case tooLarge
        /// A character that does not belong there, by its place.
        case invalid(at: Int)
    }

    /// The bytes of a text; padding may be left out, line breaks and blanks are refused.
    package static func decode(_ text: UnsafeRawBufferPointer, limit: Int) -> Result<Data, Failure> {
        var count = text.count
        while count > 0, text.count - count < 2, text[count - 1] == UInt8(ascii: "=") { count -= 1 }
        if count < text.count, text.count % 4 != 0 { return .failure(.invalid(at: text.count - 1)) }
        guard count % 4 != 1 else { return .failure(.invalid(at: max(count - 1, 0))) }
        let size = count / 4 * 3 + [0, 0, 1, 2][count % 4]
        guard size <= limit else { return .failure(.tooLarge) }
        var data = Data(count: size)
        let failed: Int? = data.withUnsafeMutableBytes { out in
            values.withUnsafeBufferPointer { table in
                decode(text, count: count, into: out, table: table)
            }
        }
        if let failed { return .failure(.invalid(at: failed)) }
        return .success(data)
    }

    /// - Returns: the place of a wrong character, or nil.
    private static func decode(
        _ text: UnsafeRawBufferPointer, count: Int, into out: UnsafeMutableRawBufferPointer,
        table: UnsafeBufferPointer<UInt8>
    ) -> Int? {
        var (from, to) = (0, 0)
        while from + 4 <= count {
            let (a, b) = (table[Int(text[from])], table[Int(text[from + 1])])
            let (c, d) = (table[Int(text[from + 2])], table[Int(text[from + 3])])
            guard (a | b | c | d) & 0x80 == 0 else {
                return from + ([a, b, c, d].firstIndex { $0 & 0x80 != 0 } ?? 0)
            }
            out[to] = a << 2 | b >> 4
            out[to + 1] = b << 4 | c >> 2
            out[to + 2] = c << 6 | d
            from += 4
            to += 3
        }
        guard from < count else { return nil }
        let rest = (from..<count).map { table[Int(text[$0])] }
        if let wrong = rest.firstIndex(where: { $0 & 0x80 != 0 }) { return from + wrong }
        out[to] = rest[0] << 2 | rest[1] >> 4
        if rest.count == 3 { out[to + 1] = rest[1] << 4 | rest[2] >> 2 }
        // Bits that are left over must be zero, so that one image has one text.
        let left = rest.count == 2 ? rest[1] & 0x0F : rest[2] & 0x03
        return left == 0 ? nil : count - 1
    }

    /// The value of each character, 0xFF for those that do not belong.
    private static let values: [UInt8] = {
        var table = [UInt8](repeating: 0xFF, count: 256)
        let alphabet = "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/"
        for (value, character) in alphabet.utf8.enumerated() { table[Int(character)] = UInt8(value) }
        return table
    }()
}
