/// A value of a Keras `config.json`: JSON as Python writes it, with `NaN`, `Infinity` and `-Infinity`.
package indirect enum KerasJSON: Sendable, Hashable {
    case null
    case bool(Bool)
    case integer(Int)
    case number(Double)
    case string(String)
    case array([KerasJSON])
    case object([String: KerasJSON])

    /// A member of an object; nil for other values and missing keys.
    package subscript(key: String) -> KerasJSON? {
        guard case .object(let members) = self else { return nil }
        return members[key]
    }

    /// The text, or nil.
    package var text: String? {
        guard case .string(let value) = self else { return nil }
        return value
    }

    /// The truth value, or nil.
    package var flag: Bool? {
        guard case .bool(let value) = self else { return nil }
        return value
    }

    /// The whole number, or nil; 2.0 counts as 2.
    package var whole: Int? {
        switch self {
        case .integer(let value): value
        case .number(let value): Int(exactly: value)
        default: nil
        }
    }

    /// The number as a double, or nil.
    package var double: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        default: nil
        }
    }

    /// The elements, or nil.
    package var elements: [KerasJSON]? {
        guard case .array(let values) = self else { return nil }
        return values
    }

    /// The members, or nil.
    package var members: [String: KerasJSON]? {
        guard case .object(let values) = self else { return nil }
        return values
    }

    /// One whole number, or a list of them; nil for anything else.
    package var wholes: [Int]? {
        if let value = whole { return [value] }
        guard let values = elements else { return nil }
        let numbers = values.compactMap(\.whole)
        return numbers.count == values.count ? numbers : nil
    }

    /// Whether this is `null`.
    package var isNull: Bool { self == .null }
}
