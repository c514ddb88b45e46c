/// A template of weight names: fixed text, running numbers and an open end.
///
/// - `{i}`, `{j}`, `{k}` stand for a decimal number; a source may shift it: `{i-1}`, `{i+2}`.
/// - `*` at the end stands for the rest of the name.
/// - `{p}` stands for the prefix that the checkpoint uses (see `KeyLayout.prefixes`).
///
/// `blocks.{i}.norm1.*` matches `blocks.11.norm1.weight` with i = 11 and * = `weight`.
struct KeyPattern: Sendable, Hashable {
    /// What the placeholders of a pattern stood for in one name.
    struct Captures: Sendable, Hashable {
        var numbers: [Character: Int] = [:]
        var rest = ""
        var prefix = ""
    }

    private enum Piece: Sendable, Hashable {
        case text(String)
        case number(Character, shift: Int)
        case prefix
        case rest
    }

    let template: String
    private let pieces: [Piece]

    init(_ template: String) {
        self.template = template
        pieces = Self.parse(template)
    }

    /// What the placeholders stand for in `name`, or nil where it does not match.
    func match(_ name: String, prefix: String = "") -> Captures? {
        var captures = Captures(prefix: prefix)
        var rest = Substring(name)
        for piece in pieces {
            switch piece {
            case .text(let text):
                guard rest.hasPrefix(text) else { return nil }
                rest.removeFirst(text.count)
            case .prefix:
                guard rest.hasPrefix(prefix) else { return nil }
                rest.removeFirst(prefix.count)
            case .number(let variable, _):
                let digits = rest.prefix { $0.isASCII && $0.isNumber }
                // Only the canonical spelling, so that a number and its name determine each other.
                guard let value = Int(digits), String(value) == digits else { return nil }
                if let known = captures.numbers[variable], known != value { return nil }
                captures.numbers[variable] = value
                rest.removeFirst(digits.count)
            case .rest:
                captures.rest = String(rest)
                rest = ""
            }
        }
        return rest.isEmpty ? captures : nil
    }

    /// The name that these captures give.
    func expand(_ captures: Captures) -> String {
        pieces.map { piece in
            switch piece {
            case .text(let text): text
            case .prefix: captures.prefix
            case .number(let variable, let shift): String((captures.numbers[variable] ?? 0) + shift)
            case .rest: captures.rest
            }
        }.joined()
    }

    private static func parse(_ template: String) -> [Piece] {
        var pieces: [Piece] = []
        var rest = Substring(template)
        while let special = rest.firstIndex(where: { $0 == "{" || $0 == "*" }) {
            if special > rest.startIndex { pieces.append(.text(String(rest[..<special]))) }
            rest = rest[special...]
            guard rest.first == "{", let end = rest.firstIndex(of: "}") else {
                rest.removeFirst()
                pieces.append(.rest)
                continue
            }
            let inside = rest[rest.index(after: rest.startIndex)..<end]
            rest = rest[rest.index(after: end)...]
            guard let variable = inside.first else { continue }
            pieces.append(inside == "p" ? .prefix : .number(variable, shift: Int(inside.dropFirst()) ?? 0))
        }
        if !rest.isEmpty { pieces.append(.text(String(rest))) }
        return pieces
    }
}
