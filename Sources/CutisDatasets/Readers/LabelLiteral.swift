import CutisFormats

/// The list-valued fields of case tables: `["Eczema", "Psoriasis"]`, `{'Eczema': 0.6, 'Psoriasis': 0.4}`, `[4, 3]`.
///
/// Both JSON and the form in which Python prints lists and dictionaries are read. Nothing is evaluated.
struct LabelLiteral {
    /// One entry of the list: a text, a number, or a text with its number.
    struct Entry: Equatable {
        var text: String?
        var number: Double?
    }

    private var bytes: ArraySlice<UInt8>
    private let maximumCount: Int

    /// Reads a field; nil where it is not a list or dictionary at all but plain text.
    static func entries(of field: String, maximumCount: Int) throws(RowFault) -> [Entry]? {
        guard let first = field.utf8.first(where: { $0 != UInt8(ascii: " ") }),
            first == UInt8(ascii: "[") || first == UInt8(ascii: "{")
        else { return nil }
        var literal = LabelLiteral(bytes: Array(field.utf8)[...], maximumCount: maximumCount)
        let entries = first == UInt8(ascii: "[") ? try literal.list() : try literal.dictionary()
        literal.skipSpace()
        guard literal.bytes.isEmpty else { throw RowFault("there is text behind the list \(quoted(field))") }
        return entries
    }

    private mutating func list() throws(RowFault) -> [Entry] {
        try sequence(from: "[", to: "]") { (literal) throws(RowFault) in
            literal.isAtQuote ? Entry(text: try literal.string()) : Entry(number: try literal.number())
        }
    }

    private mutating func dictionary() throws(RowFault) -> [Entry] {
        try sequence(from: "{", to: "}") { (literal) throws(RowFault) in
            let key = try literal.string()
            try literal.expect(":")
            return Entry(text: key, number: try literal.number())
        }
    }

    private mutating func sequence(
        from opening: Unicode.Scalar, to closing: Unicode.Scalar,
        _ element: (inout LabelLiteral) throws(RowFault) -> Entry
    ) throws(RowFault) -> [Entry] {
        var entries: [Entry] = []
        try expect(opening)
        while !take(closing) {
            guard entries.count < maximumCount else { throw RowFault("a list has more than \(maximumCount) entries") }
            entries.append(try element(&self))
            if !take(",") {
                try expect(closing)
                break
            }
        }
        return entries
    }

    private var isAtQuote: Bool {
        mutating get {
            skipSpace()
            return bytes.first == UInt8(ascii: "'") || bytes.first == UInt8(ascii: "\"")
        }
    }

    private mutating func string() throws(RowFault) -> String {
        guard isAtQuote, let quote = bytes.popFirst() else { throw RowFault("a list has no text where one is needed") }
        var text: [UInt8] = []
        while let byte = bytes.popFirst(), byte != quote {
            guard byte == UInt8(ascii: "\\") else {
                text.append(byte)
                continue
            }
            guard let escaped = bytes.popFirst(),
                [UInt8(ascii: "\\"), UInt8(ascii: "'"), UInt8(ascii: "\"")].contains(escaped)
            else { throw RowFault("a list has an escape that is not read") }
            text.append(escaped)
            if bytes.isEmpty { break }
        }
        return String(decoding: text, as: UTF8.self)
    }

    private mutating func number() throws(RowFault) -> Double {
        skipSpace()
        let digits = bytes.prefix { "+-.0123456789eE".utf8.contains($0) }
        guard digits.count <= 32, let value = Double(String(decoding: digits, as: UTF8.self)), value.isFinite else {
            throw RowFault("a list has no number where one is needed")
        }
        bytes = bytes.dropFirst(digits.count)
        return value
    }

    private mutating func expect(_ character: Unicode.Scalar) throws(RowFault) {
        guard take(character) else { throw RowFault("a list has no '\(character)' where one is needed") }
    }

    private mutating func take(_ character: Unicode.Scalar) -> Bool {
        skipSpace()
        guard let byte = bytes.first, UInt32(byte) == character.value else { return false }
        bytes = bytes.dropFirst()
        return true
    }

    private mutating func skipSpace() {
        bytes = bytes.drop { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\t") || $0 == UInt8(ascii: "\n") }
    }
}
