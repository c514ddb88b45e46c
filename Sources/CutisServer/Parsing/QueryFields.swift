package import CutisCore
import CutisStorage
import Hummingbird
import NIOCore

/// The fields of a query, each at most once.
package struct QueryFields {
    package private(set) var fields: [String: String] = [:]

    init(_ request: Request) throws(CutisError) { try self.init(query: request.uri.query ?? "") }

    package init(query: String) throws(CutisError) {
        let form = FormFields(ByteBuffer(string: query))
        guard !form.isDamaged else { throw Self.wrong(query.prefix { $0 != "=" }, "is not valid text") }
        for (name, value) in form.fields {
            guard fields.updateValue(value, forKey: name) == nil else { throw Self.wrong(name, "is there twice") }
        }
    }

    /// Takes a text; nil where it is missing.
    package mutating func text(_ name: String, length: ClosedRange<Int>) throws(CutisError) -> String? {
        guard let text = fields.removeValue(forKey: name) else { return nil }
        guard length.contains(text.unicodeScalars.count), !text.unicodeScalars.contains("\0") else {
            throw Self.wrong(name, "must have \(length.lowerBound)–\(length.upperBound) characters")
        }
        return text
    }

    /// Takes a whole number; nil where it is missing.
    package mutating func integer(_ name: String, in range: ClosedRange<Int>) throws(CutisError) -> Int? {
        guard let text = fields.removeValue(forKey: name) else { return nil }
        guard let number = Int(text), range.contains(number) else {
            throw Self.wrong(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)")
        }
        return number
    }

    /// Takes one of some texts; nil where it is missing.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws(CutisError) -> Choice? {
        guard let text = fields.removeValue(forKey: name) else { return nil }
        guard let choice = Choice(rawValue: text) else {
            throw Self.wrong(name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }

    /// Refuses what nobody has taken.
    package func finish() throws(CutisError) {
        if let name = fields.keys.sorted().first { throw Self.wrong(name, "is not known here") }
    }

    static func wrong(_ name: some StringProtocol, _ what: String) -> CutisError {
        CutisError(
            .requestInvalid, "The query's `\(name.prefix(64))` \(what).",
            remedy: "Compare the request with the description at /openapi.json.")
    }

    /// Takes the place in a list after which a page begins.
    mutating func cursor() throws(CutisError) -> PageCursor? {
        guard let text = try text("before", length: 1...64) else { return nil }
        guard let cursor = PageCursor(text) else { throw Self.wrong("before", "is no cursor that a list gave") }
        return cursor
    }

    /// Takes how long a page may be.
    mutating func limit(most: Int = 200) throws(CutisError) -> Int {
        try integer("limit", in: 1...most) ?? min(50, most)
    }
}
