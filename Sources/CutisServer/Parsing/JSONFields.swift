package import CutisCore
package import Foundation

/// The members of a JSON object as a request must have them: each is taken by its name and kind, and what is left over
/// is refused, so that a misspelt name is never ignored.
package struct JSONFields {
    let document: JSONDocument
    /// Where the object is, such as `lesions[1].`, for messages.
    let path: String
    private var members: [String: JSONDocument.Node]

    /// The members of a document that is an object.
    package init(_ document: JSONDocument) throws(CutisError) {
        try self.init(document.root, of: document, path: "")
    }

    private init(_ node: JSONDocument.Node, of document: JSONDocument, path: String) throws(CutisError) {
        guard case .object(let members) = node else {
            throw Self.wrong(path.isEmpty ? "The body" : "`\(path.dropLast())`", "is not a JSON object")
        }
        self.document = document
        self.path = path
        self.members = Dictionary(members.map { ($0.key, $0.value) }) { first, _ in first }
    }

    /// A text of a length in code points, as JSON Schema counts them; nil where it is missing or null.
    package mutating func optionalText(_ name: String, length: ClosedRange<Int> = 1...512) throws(CutisError) -> String?
    {
        switch members.removeValue(forKey: name) {
        case nil, .null: return nil
        case .string(let range, let isEscaped):
            // The longest way to write a code point is a pair of \u escapes.
            guard range.count <= length.upperBound * 12 else {
                throw wrong(name, "is longer than \(length.upperBound)")
            }
            let text = try document.text(range, isEscaped: isEscaped)
            guard length.contains(text.unicodeScalars.count) else {
                throw wrong(name, "must have \(length.lowerBound)–\(length.upperBound) characters")
            }
            guard !text.unicodeScalars.contains(where: { $0.value == 0 }) else {
                throw wrong(name, "holds a null character")
            }
            return text
        default: throw wrong(name, "is not a text")
        }
    }

    /// A text that must be there.
    package mutating func text(_ name: String, length: ClosedRange<Int> = 1...512) throws(CutisError) -> String {
        guard let text = try optionalText(name, length: length) else { throw wrong(name, "is missing") }
        return text
    }

    /// A whole number; nil where it is missing or null.
    package mutating func optionalInteger(_ name: String, in range: ClosedRange<Int64>) throws(CutisError) -> Int64? {
        switch members.removeValue(forKey: name) {
        case nil, .null: return nil
        case .number(let place):
            let text = document.withBytes(place) { String(decoding: $0, as: UTF8.self) }
            // 1.0 and 1e3 are whole numbers to JSON Schema.
            guard let number = Int64(text) ?? Double(text).flatMap({ Int64(exactly: $0) }), range.contains(number)
            else { throw wrong(name, "must be a whole number from \(range.lowerBound) to \(range.upperBound)") }
            return number
        default: throw wrong(name, "is not a number")
        }
    }

    /// Truth; nil where it is missing or null.
    package mutating func optionalBool(_ name: String) throws(CutisError) -> Bool? {
        switch members.removeValue(forKey: name) {
        case nil, .null: return nil
        case .bool(let value): return value
        default: throw wrong(name, "is neither true nor false")
        }
    }

    /// The bytes of a base64 text.
    ///
    /// - Parameter limit: the most bytes that it may decode to.
    package mutating func base64(_ name: String, limit: Int) throws(CutisError) -> Data {
        guard let node = members.removeValue(forKey: name) else { throw wrong(name, "is missing") }
        return try base64(node, name, limit: limit)
    }

    /// The bytes of each text of an array.
    package mutating func base64List(_ name: String, count: ClosedRange<Int>, limit: Int) throws(CutisError) -> [Data] {
        guard case .array(let nodes)? = members.removeValue(forKey: name) else { throw wrong(name, "is not an array") }
        try check(nodes.count, count, name)
        var all: [Data] = []
        for (index, node) in nodes.enumerated() { all.append(try base64(node, "\(name)[\(index)]", limit: limit)) }
        return all
    }

    /// The texts of an array; none where it is missing or null.
    mutating func texts(_ name: String, count: ClosedRange<Int>) throws(CutisError) -> [String] {
        let nodes: [JSONDocument.Node]
        switch members.removeValue(forKey: name) {
        case nil, .null: return []
        case .array(let all): nodes = all
        default: throw wrong(name, "is not an array")
        }
        try check(nodes.count, count, name)
        var all: [String] = []
        for (index, node) in nodes.enumerated() {
            guard case .string(let range, let isEscaped) = node else {
                throw wrong("\(name)[\(index)]", "is not a text")
            }
            all.append(try document.text(range, isEscaped: isEscaped))
        }
        return all
    }

    /// The objects of an array.
    package mutating func objects(_ name: String, count: ClosedRange<Int>) throws(CutisError) -> [JSONFields] {
        guard case .array(let nodes)? = members.removeValue(forKey: name) else { throw wrong(name, "is not an array") }
        try check(nodes.count, count, name)
        var all: [JSONFields] = []
        for (index, node) in nodes.enumerated() {
            all.append(try JSONFields(node, of: document, path: "\(path)\(name)[\(index)]."))
        }
        return all
    }

    /// A member as it is, for readers of their own.
    mutating func node(_ name: String) -> JSONDocument.Node? { members.removeValue(forKey: name) }

    /// Refuses what nobody has taken.
    package func finish() throws(CutisError) {
        guard let name = members.keys.sorted().first else { return }
        throw wrong(name, "is not known here")
    }

    func wrong(_ name: String, _ what: String) -> CutisError { Self.wrong("`\(path)\(name)`", what) }

    private func check(_ number: Int, _ range: ClosedRange<Int>, _ name: String) throws(CutisError) {
        if number > range.upperBound {
            throw CutisError(
                .tooManyImages, "`\(path)\(name)` has \(number) entries; at most \(range.upperBound) are allowed.",
                remedy: "Split the request.")
        }
        if number < range.lowerBound { throw wrong(name, "needs \(range.lowerBound) or more entries") }
    }

    private func base64(_ node: JSONDocument.Node, _ name: String, limit: Int) throws(CutisError) -> Data {
        guard case .string(let range, let isEscaped) = node else { throw wrong(name, "is not a base64 text") }
        // "\/" is the one escape that writers put into base64.
        let data: Result<Data, Base64.Failure> =
            isEscaped
            ? Data(try document.text(range, isEscaped: true).utf8).withUnsafeBytes { raw in
                Base64.decode(raw, limit: limit)
            }
            : document.withBytes(range) { Base64.decode($0, limit: limit) }
        switch data {
        case .success(let data): return data
        case .failure(.tooLarge):
            throw CutisError(
                .imageTooLarge, "`\(path)\(name)` is larger than the limit of \(limit) bytes.",
                remedy: "Send a smaller image.")
        case .failure(.invalid(let position)):
            throw wrong(name, "is not valid base64 (character \(position))")
        }
    }

    private static func wrong(_ subject: String, _ what: String) -> CutisError {
        CutisError(
            .requestInvalid, "\(subject) \(what).", remedy: "Compare the request with the description at /openapi.json."
        )
    }
}

extension JSONFields {
    /// One of some texts.
    mutating func choice<Choice: RawRepresentable<String> & CaseIterable>(
        _ name: String, _ type: Choice.Type
    ) throws(CutisError) -> Choice {
        guard let choice = Choice(rawValue: try text(name, length: 1...64)) else {
            throw wrong(name, "must be one of \(Choice.allCases.map(\.rawValue).joined(separator: ", "))")
        }
        return choice
    }
}
