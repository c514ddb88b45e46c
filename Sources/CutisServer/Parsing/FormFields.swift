import Foundation
package import NIOCore

/// The fields of a form (`application/x-www-form-urlencoded`), in their order.
package struct FormFields: Sendable {
    /// Names and values, decoded.
    package let fields: [(name: String, value: String)]
    /// Whether something was not valid text, or there were more than 1000 fields; such fields are left out.
    package let isDamaged: Bool

    /// Reads a form.
    package init(_ body: ByteBuffer) {
        let pieces = body.readableBytesView.split(separator: UInt8(ascii: "&"), maxSplits: 1000)
        fields = pieces.prefix(1000).compactMap { field in
            let parts = field.split(separator: UInt8(ascii: "="), maxSplits: 1, omittingEmptySubsequences: false)
            guard let name = Self.decode(parts[0]), let value = parts.count > 1 ? Self.decode(parts[1]) : ""
            else { return nil }
            return (name, value)
        }
        isDamaged = fields.count < pieces.count
    }

    /// The first value of a name.
    package func first(_ name: String) -> String? { fields.first { $0.name == name }?.value }

    private static func decode(_ bytes: ByteBufferView) -> String? {
        let text = String(validating: bytes.map { $0 == UInt8(ascii: "+") ? UInt8(ascii: " ") : $0 }, as: UTF8.self)
        return text?.removingPercentEncoding
    }
}
