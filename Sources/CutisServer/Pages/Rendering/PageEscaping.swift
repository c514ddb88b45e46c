import Mustache

/// Escapes what templates write into HTML, text and attributes alike.
///
/// The template engine's own escaping looks at whole characters, so that a quotation mark followed by a combining
/// accent, which is one character, goes through as it is and ends an attribute. This one looks at each scalar.
/// Every template names it in its first line: `{{% CONTENT_TYPE:PAGE}}`.
struct PageEscaping: MustacheContentType {
    /// The name by which templates choose it.
    static let name = "PAGE"

    func escapeText(_ text: String) -> String {
        var out = String.UnicodeScalarView()
        for scalar in text.unicodeScalars {
            switch scalar {
            case "<": out.append(contentsOf: "&lt;".unicodeScalars)
            case ">": out.append(contentsOf: "&gt;".unicodeScalars)
            case "&": out.append(contentsOf: "&amp;".unicodeScalars)
            case "\"": out.append(contentsOf: "&quot;".unicodeScalars)
            case "'": out.append(contentsOf: "&#39;".unicodeScalars)
            default: out.append(scalar)
            }
        }
        return String(out)
    }
}
