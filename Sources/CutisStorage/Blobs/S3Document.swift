package import Foundation

/// The few elements that are read from the XML of an S3-compatible store: flat ones with text in them.
///
/// The store's own answers are small and of a fixed form (its listings are asked for in pages), so that no parser of the
/// whole language, with its entities and includes, has to be trusted with them.
package struct S3Document {
    private let text: Substring

    /// Takes the bytes of an answer; what is not UTF-8 is replaced.
    package init(_ data: Data) {
        text = Substring(String(decoding: data, as: UTF8.self))
    }

    /// The text of the first element of a name.
    package func first(_ name: String) -> String? {
        var rest = text
        return Self.next(name, in: &rest)
    }

    /// The texts of all elements of a name in their order.
    package func all(_ name: String) -> [String] {
        var rest = text
        var found: [String] = []
        while let value = Self.next(name, in: &rest) { found.append(value) }
        return found
    }

    private static func next(_ name: String, in rest: inout Substring) -> String? {
        guard let start = rest.range(of: "<\(name)>"),
            let end = rest.range(of: "</\(name)>", range: start.upperBound..<rest.endIndex)
        else { return nil }
        let value = rest[start.upperBound..<end.lowerBound]
        rest = rest[end.upperBound...]
        return [("&lt;", "<"), ("&gt;", ">"), ("&quot;", "\""), ("&apos;", "'"), ("&#13;", "\r"), ("&amp;", "&")]
            .reduce(String(value)) { $0.replacingOccurrences(of: $1.0, with: $1.1) }
    }
}
