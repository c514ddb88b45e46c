/// A JSON value whose object keys keep their order, for output that is read by people and compared by tests.
public enum OrderedJSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    /// Written with the fewest digits that read back as the same number; not-a-number and infinities become null.
    case number(Double)
    case string(String)
    case array([OrderedJSON])
    case object([Member])

    /// One key and its value.
    public struct Member: Sendable, Hashable {
        let key: String
        let value: OrderedJSON
    }

    /// Makes an object from keys and values in their order.
    public static func object(_ members: KeyValuePairs<String, OrderedJSON>) -> OrderedJSON {
        .object(members.map { Member(key: $0.key, value: $0.value) })
    }

    /// A string, or null.
    public static func optional(_ text: String?) -> OrderedJSON {
        text.map { .string($0) } ?? .null
    }

    /// This object with more keys at its end; any other value is returned as it is.
    public func appending(_ members: KeyValuePairs<String, OrderedJSON>) -> OrderedJSON {
        guard case .object(let own) = self else { return self }
        return .object(own + members.map { Member(key: $0.key, value: $0.value) })
    }

    /// The text of the value.
    ///
    /// - Parameter pretty: two-space indentation and one member a line; otherwise everything on one line.
    public func text(pretty: Bool = true) -> String {
        var out = ""
        write(to: &out, indent: pretty ? 0 : nil)
        return out
    }

    private func write(to out: inout String, indent: Int?) {
        switch self {
        case .null: out += "null"
        case .bool(let value): out += value ? "true" : "false"
        case .integer(let value): out += String(value)
        case .number(let value):
            if !value.isFinite {
                out += "null"
            } else if value == value.rounded(), abs(value) < 1e15 {
                out += String(Int(value)) + ".0"
            } else {
                out += "\(value)"
            }
        case .string(let value): Self.quote(value, to: &out)
        case .array(let values):
            Self.write(values, brackets: ("[", "]"), to: &out, indent: indent) { value, out, inner in
                value.write(to: &out, indent: inner)
            }
        case .object(let members):
            Self.write(members, brackets: ("{", "}"), to: &out, indent: indent) { member, out, inner in
                Self.quote(member.key, to: &out)
                out += inner == nil ? ":" : ": "
                member.value.write(to: &out, indent: inner)
            }
        }
    }

    private static func write<Element>(
        _ elements: [Element], brackets: (String, String), to out: inout String, indent: Int?,
        _ body: (Element, inout String, Int?) -> Void
    ) {
        out += brackets.0
        let inner = indent.map { $0 + 1 }
        for (index, element) in elements.enumerated() {
            if index > 0 { out += "," }
            if let inner { out += "\n" + String(repeating: "  ", count: inner) }
            body(element, &out, inner)
        }
        if let indent, !elements.isEmpty { out += "\n" + String(repeating: "  ", count: indent) }
        out += brackets.1
    }

    private static func quote(_ text: String, to out: inout String) {
        out += "\""
        defer { out += "\"" }
        // Long texts are base64, which needs no escapes.
        if text.utf8.allSatisfy({ $0 >= 0x20 && $0 != 0x22 && $0 != 0x5C && $0 != 0x7F }) {
            out += text
            return
        }
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": out += "\\\""
            case "\\": out += "\\\\"
            case "\n": out += "\\n"
            case "\r": out += "\\r"
            case "\t": out += "\\t"
            case _ where scalar.value < 0x20 || scalar.value == 0x7F:
                let digits = String(scalar.value, radix: 16)
                out += "\\u" + String(repeating: "0", count: 4 - digits.count) + digits
            default: out.unicodeScalars.append(scalar)
            }
        }
    }
}

extension OrderedJSON: ExpressibleByStringLiteral {
    /// A literal string.
    public init(stringLiteral value: String) {
        self = .string(value)
    }
}
