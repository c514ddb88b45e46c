/// Makes text from outside fit for a message on a terminal.
package enum HubText {
    /// The text without control and direction characters, cut to a readable length, with secrets blotted out.
    ///
    /// - Parameters:
    ///   - text: a name or message that a server chose.
    ///   - secret: an access token that must not appear, should the server have echoed it.
    ///   - limit: the most characters that are kept.
    package static func clean(_ text: String, hiding secret: String? = nil, limit: Int = 200) -> String {
        var shown = text
        if let secret, !secret.isEmpty {
            shown = shown.split(separator: secret, omittingEmptySubsequences: false).joined(separator: "…")
        }
        var scalars = String.UnicodeScalarView()
        for scalar in shown.unicodeScalars.prefix(limit) {
            switch scalar.properties.generalCategory {
            case .control, .format, .lineSeparator, .paragraphSeparator, .surrogate, .privateUse, .unassigned:
                scalars.append("?")
            default:
                scalars.append(scalar)
            }
        }
        return String(scalars)
    }
}
