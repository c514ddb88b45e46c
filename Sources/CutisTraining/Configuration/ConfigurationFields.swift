import CutisCore
import Foundation

extension ConfigurationCoder {
    /// A whole number within bounds.
    func integer(_ key: String, _ value: inout Int, in range: ClosedRange<Int>) throws(CutisError) {
        try field(
            key, &value, decode: { value, path throws(CutisError) in try Self.integer(value, path, range) },
            encode: { value throws(CutisError) in .integer(value) })
    }

    /// A whole number within bounds, or none.
    func integer(_ key: String, _ value: inout Int?, in range: ClosedRange<Int>) throws(CutisError) {
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                value == .null ? nil : try Self.integer(value, path, range)
            }, encode: { value throws(CutisError) in value.map { .integer($0) } })
    }

    /// A finite number within bounds.
    ///
    /// - Parameter positive: refuses 0 too where the range begins with it.
    func number(
        _ key: String, _ value: inout Double, in range: ClosedRange<Double>, positive: Bool = false
    ) throws(CutisError) {
        try field(
            key, &value, decode: { value, path throws(CutisError) in try Self.number(value, path, range, positive) },
            encode: { value throws(CutisError) in .number(value) })
    }

    /// A finite number within bounds, or none.
    func number(
        _ key: String, _ value: inout Double?, in range: ClosedRange<Double>, positive: Bool = false
    ) throws(CutisError) {
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                value == .null ? nil : try Self.number(value, path, range, positive)
            }, encode: { value throws(CutisError) in value.map { .number($0) } })
    }

    /// true or false.
    func flag(_ key: String, _ value: inout Bool) throws(CutisError) {
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                guard case .flag(let flag) = value else {
                    throw Self.mismatch(path, expected: "true or false", found: value)
                }
                return flag
            }, encode: { value throws(CutisError) in .flag(value) })
    }

    /// A text.
    func text(_ key: String, _ value: inout String) throws(CutisError) {
        try field(
            key, &value, decode: { value, path throws(CutisError) in try Self.text(value, path) },
            encode: { value throws(CutisError) in .text(value) })
    }

    /// A text or none.
    func text(_ key: String, _ value: inout String?) throws(CutisError) {
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in value == .null ? nil : try Self.text(value, path) },
            encode: { value throws(CutisError) in value.map { .text($0) } })
    }

    /// One of the values of an enumeration.
    func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ key: String, _ value: inout Value
    ) throws(CutisError) {
        try field(
            key, &value, decode: { value, path throws(CutisError) in try Self.choice(Value.self, value, path) },
            encode: { value throws(CutisError) in .text(value.rawValue) })
    }

    /// A list of texts.
    func texts(_ key: String, _ value: inout [String]) throws(CutisError) {
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                try Self.list(value, path) { member, path throws(CutisError) in try Self.text(member, path) }
            }, encode: { value throws(CutisError) in .list(value.map { .text($0) }) })
    }

    /// A list of whole numbers within bounds.
    func integers(_ key: String, _ value: inout [Int], in range: ClosedRange<Int>) throws(CutisError) {
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                try Self.list(value, path) { member, path throws(CutisError) in
                    try Self.integer(member, path, range)
                }
            }, encode: { value throws(CutisError) in .list(value.map { .integer($0) }) })
    }

    /// A section.
    func section<Section: ConfigurationSection>(_ key: String, _ value: inout Section) throws(CutisError) {
        let defaults = value
        let path = place(key)
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                try Self.read(Section.self, value, path: path, defaults: defaults)
            }, encode: { value throws(CutisError) in try Self.write(value, path: path) })
    }

    /// A section that may be absent.
    func section<Section: ConfigurationSection>(_ key: String, _ value: inout Section?) throws(CutisError) {
        let path = place(key)
        try field(
            key, &value,
            decode: { value, path throws(CutisError) in
                value == .null ? nil : try Self.read(Section.self, value, path: path)
            },
            encode: { value throws(CutisError) in
                guard let value else { return nil }
                return try Self.write(value, path: path)
            })
    }

    static func integer(
        _ value: ConfigurationValue, _ path: String, _ range: ClosedRange<Int>
    ) throws(CutisError) -> Int {
        guard case .integer(let number) = value else { throw mismatch(path, expected: "a whole number", found: value) }
        guard range.contains(number) else {
            throw invalid(path, "is \(number); it must be within \(range.lowerBound)…\(range.upperBound)")
        }
        return number
    }

    static func number(
        _ value: ConfigurationValue, _ path: String, _ range: ClosedRange<Double>, _ positive: Bool = false
    ) throws(CutisError) -> Double {
        let number: Double
        switch value {
        case .integer(let whole): number = Double(whole)
        case .number(let real): number = real
        default: throw mismatch(path, expected: "a number", found: value)
        }
        guard range.contains(number), !positive || number > 0 else {
            let bounds =
                positive && range.lowerBound == 0
                ? "above 0 and at most \(range.upperBound)" : "within \(range.lowerBound)…\(range.upperBound)"
            throw invalid(path, "is \(number); it must be \(bounds)")
        }
        return number
    }

    static func text(_ value: ConfigurationValue, _ path: String) throws(CutisError) -> String {
        guard case .text(let text) = value else {
            throw mismatch(path, expected: "a text (in quotes where it looks like a number)", found: value)
        }
        guard !text.isEmpty, text.utf8.count <= 4096, !text.unicodeScalars.contains("\0") else {
            throw invalid(path, "must be a text of 1 to 4096 bytes")
        }
        return text
    }

    static func choice<Value: RawRepresentable<String> & CaseIterable>(
        _ type: Value.Type, _ value: ConfigurationValue, _ path: String
    ) throws(CutisError) -> Value {
        let names = Value.allCases.map(\.rawValue)
        guard case .text(let name) = value else {
            throw mismatch(path, expected: "one of \(names.joined(separator: ", "))", found: value)
        }
        guard let found = Value(rawValue: name) else {
            let near = NearestName.of(name, among: names).map { "; did you mean '\($0)'" } ?? ""
            throw invalid(
                path, "is '\(name.prefix(60))', which is none of \(names.joined(separator: ", "))\(near)")
        }
        return found
    }

    static func list<Member>(
        _ value: ConfigurationValue, _ path: String,
        _ member: (ConfigurationValue, String) throws(CutisError) -> Member
    ) throws(CutisError) -> [Member] {
        guard case .list(let values) = value else { throw mismatch(path, expected: "a list", found: value) }
        var result: [Member] = []
        for (index, value) in values.enumerated() { result.append(try member(value, "\(path)[\(index)]")) }
        return result
    }
}
