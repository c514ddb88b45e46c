/// A value of a configuration file, before it is known what it means.
package enum ConfigurationValue: Sendable, Hashable {
    case null
    case flag(Bool)
    case integer(Int)
    case number(Double)
    case text(String)
    case list([ConfigurationValue])
    case section([Entry])

    /// A key of a section with its value.
    package struct Entry: Sendable, Hashable {
        package var key: String
        package var value: ConfigurationValue
    }

    /// What it is, in words for an error.
    var kind: String {
        switch self {
        case .null: "nothing"
        case .flag(let value): "\(value)"
        case .integer(let value): "the number \(value)"
        case .number(let value): "the number \(value)"
        case .text(let value): "the text \"\(value.prefix(60))\""
        case .list: "a list"
        case .section: "a section"
        }
    }

    /// The keys of a section.
    var keys: [String] {
        guard case .section(let entries) = self else { return [] }
        return entries.map(\.key)
    }

    /// The value of a key; nil where this is no section or has no such key.
    subscript(key: String) -> ConfigurationValue? {
        guard case .section(let entries) = self else { return nil }
        return entries.first { $0.key == key }?.value
    }

    /// The same section with another value of a key.
    func setting(_ key: String, _ value: ConfigurationValue) -> ConfigurationValue {
        guard case .section(var entries) = self else { return .section([Entry(key: key, value: value)]) }
        if let index = entries.firstIndex(where: { $0.key == key }) {
            entries[index].value = value
        } else {
            entries.append(Entry(key: key, value: value))
        }
        return .section(entries)
    }

    /// What a scalar without quotes is by YAML 1.2's core schema. Unlike YAML 1.1's, `no` is a text, `1e-3` a number
    /// and `010` ten.
    init(plain text: String) {
        switch text {
        case "", "~", "null", "Null", "NULL": self = .null
        case "true", "True", "TRUE": self = .flag(true)
        case "false", "False", "FALSE": self = .flag(false)
        default:
            if text.wholeMatch(of: /[-+]?[0-9]+/) != nil, let value = Int(text) {
                self = .integer(value)
            } else if text.wholeMatch(of: /[-+]?(\.[0-9]+|[0-9]+(\.[0-9]*)?)([eE][-+]?[0-9]+)?/) != nil,
                let value = Double(text.hasSuffix(".") ? text + "0" : text), value.isFinite
            {
                self = .number(value)
            } else {
                self = .text(text)
            }
        }
    }
}
