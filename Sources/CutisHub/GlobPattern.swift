/// A shell-style file pattern with the meaning that Python's `fnmatch` gives it.
///
/// `*` matches any run of characters, slashes too; `?` one character; `[abc]`, `[a-z]` and `[!a-z]` one of a set.
/// A pattern that ends in a slash means everything in that folder. Case counts.
package struct GlobPattern: Sendable, Hashable {
    private enum Token: Hashable {
        case literal(Unicode.Scalar)
        case any
        case run
        case set([ClosedRange<Unicode.Scalar>], negated: Bool)

        func matches(_ scalar: Unicode.Scalar) -> Bool {
            switch self {
            case .literal(let expected): scalar == expected
            case .any: true
            case .run: false
            case .set(let ranges, let negated): ranges.contains { $0.contains(scalar) } != negated
            }
        }
    }

    /// The pattern as written.
    package let text: String
    private let tokens: [Token]

    /// Reads a pattern; every text is one.
    package init(_ text: String) {
        self.text = text
        tokens = Self.tokens(Array((text.hasSuffix("/") ? text + "*" : text).unicodeScalars))
    }

    /// Whether the pattern names exactly one file.
    package var isLiteral: Bool {
        tokens.allSatisfy { if case .literal = $0 { true } else { false } }
    }

    /// Whether the pattern matches the whole path. Takes at most path × pattern steps.
    package func matches(_ path: String) -> Bool {
        let scalars = Array(path.unicodeScalars)
        var position = 0
        var token = 0
        var retry: (token: Int, position: Int)?
        while position < scalars.count {
            if token < tokens.count, tokens[token] == .run {
                retry = (token, position)
                token += 1
            } else if token < tokens.count, tokens[token].matches(scalars[position]) {
                token += 1
                position += 1
            } else if let last = retry {
                // The last run takes one character more; earlier runs need no second look.
                retry = (last.token, last.position + 1)
                token = last.token + 1
                position = last.position + 1
            } else {
                return false
            }
        }
        return tokens[token...].allSatisfy { $0 == .run }
    }

    private static func tokens(_ scalars: [Unicode.Scalar]) -> [Token] {
        var tokens: [Token] = []
        var index = 0
        while index < scalars.count {
            let scalar = scalars[index]
            index += 1
            switch scalar {
            case "*":
                if tokens.last != .run { tokens.append(.run) }
            case "?":
                tokens.append(.any)
            case "[":
                // A set without its closing bracket is a bracket.
                guard let end = closing(scalars, from: index) else {
                    tokens.append(.literal("["))
                    continue
                }
                tokens.append(set(scalars[index..<end]))
                index = end + 1
            default:
                tokens.append(.literal(scalar))
            }
        }
        return tokens
    }

    private static func closing(_ scalars: [Unicode.Scalar], from start: Int) -> Int? {
        var index = start
        if index < scalars.count, scalars[index] == "!" { index += 1 }
        if index < scalars.count, scalars[index] == "]" { index += 1 }
        guard index < scalars.count else { return nil }
        return scalars[index...].firstIndex(of: "]")
    }

    private static func set(_ content: ArraySlice<Unicode.Scalar>) -> Token {
        let negated = content.first == "!"
        let members = Array(negated ? content.dropFirst() : content)
        var ranges: [ClosedRange<Unicode.Scalar>] = []
        var index = 0
        while index < members.count {
            if index + 2 < members.count, members[index + 1] == "-" {
                // A range that runs backwards holds nothing.
                if members[index] <= members[index + 2] { ranges.append(members[index]...members[index + 2]) }
                index += 3
            } else {
                ranges.append(members[index]...members[index])
                index += 1
            }
        }
        return .set(ranges, negated: negated)
    }
}
