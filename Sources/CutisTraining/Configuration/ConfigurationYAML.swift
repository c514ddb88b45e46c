import CutisCore
import Foundation
import Yams

/// Reads and writes configuration files. What is read is hostile: size, depth and number of values are bounded, and
/// anchors, which let a few lines stand for millions of values, are refused.
enum ConfigurationYAML {
    /// The largest file in bytes.
    static let maximumBytes = 1 << 18
    /// The largest number of values.
    static let maximumValues = 20_000
    /// How many sections and lists may lie within each other.
    static let maximumDepth = 16

    /// Reads one document.
    ///
    /// - Parameter source: the file's path or what else the text is, for errors.
    /// - Throws: `.configInvalid` with the line.
    static func read(_ text: String, source: String) throws(CutisError) -> ConfigurationValue {
        guard text.utf8.count <= maximumBytes else {
            throw invalid(source, "it has \(text.utf8.count) bytes, more than \(maximumBytes)")
        }
        try refuseAnchors(text, source)
        let root: Node?
        do {
            root = try Yams.compose(yaml: text)
        } catch let error as YamlError {
            throw invalid(source, describe(error))
        } catch {
            throw invalid(source, "it is not YAML")
        }
        var count = 0
        return try root.map { node throws(CutisError) in try value(node, depth: 0, &count, source) } ?? .section([])
    }

    /// Block style, keys in the order of the sections, texts in quotes where they would be read as something else.
    static func write(_ value: ConfigurationValue) -> String {
        var lines: [String] = []
        guard case .section(let entries) = value else { return inline(value) + "\n" }
        append(entries, indent: 0, &lines)
        return lines.joined(separator: "\n") + "\n"
    }

    /// The value as JSON, which YAML reads too.
    static func json(_ value: ConfigurationValue) -> String {
        switch value {
        case .text(let text): quoted(text)
        case .list(let members): "[\(members.map(json).joined(separator: ","))]"
        case .section(let entries):
            "{\(entries.map { "\(quoted($0.key)):\(json($0.value))" }.joined(separator: ","))}"
        default: inline(value)
        }
    }

    private static func append(_ entries: [ConfigurationValue.Entry], indent: Int, _ lines: inout [String]) {
        let space = String(repeating: " ", count: indent)
        for entry in entries {
            let key = inline(.text(entry.key))
            switch entry.value {
            case .section(let inner) where !inner.isEmpty:
                lines.append("\(space)\(key):")
                append(inner, indent: indent + 2, &lines)
            case .list(let members) where members.contains(where: \.isSection):
                lines.append("\(space)\(key):")
                for member in members { lines.append("\(space)  - \(inline(member))") }
            default: lines.append("\(space)\(key): \(inline(entry.value))")
            }
        }
    }

    private static func inline(_ value: ConfigurationValue) -> String {
        switch value {
        case .null: return "null"
        case .flag(let value): return "\(value)"
        case .integer(let value): return "\(value)"
        case .number(let value): return "\(value)"
        case .text(let text): return isPlain(text) ? text : quoted(text)
        case .list(let members): return "[\(members.map(inline).joined(separator: ", "))]"
        case .section(let entries):
            return "{\(entries.map { "\(inline(.text($0.key))): \(inline($0.value))" }.joined(separator: ", "))}"
        }
    }

    private static func isPlain(_ text: String) -> Bool {
        text.wholeMatch(of: /[A-Za-z_][A-Za-z0-9_.\/-]*/) != nil && ConfigurationValue(plain: text) == .text(text)
    }

    private static func quoted(_ text: String) -> String {
        var result = "\""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "\"": result += "\\\""
            case "\\": result += "\\\\"
            case "\n": result += "\\n"
            case "\t": result += "\\t"
            case _ where scalar.value < 0x20 || (0x7F..<0xA0).contains(scalar.value):
                let digits = String(scalar.value, radix: 16)
                result += "\\u00" + (digits.count < 2 ? "0" : "") + digits
            case _ where [0x2028, 0x2029, 0xFEFF].contains(scalar.value):
                result += "\\u" + String(scalar.value, radix: 16)
            default: result.unicodeScalars.append(scalar)
            }
        }
        return result + "\""
    }

    /// Refuses whatever could be an anchor or an alias, in quotes and comments too: telling those apart would need
    /// YAML's own scanner, and a slip would let an alias through before anything can be counted.
    private static func refuseAnchors(_ text: String, _ source: String) throws(CutisError) {
        var line = 1
        var previous: UInt8 = 0x0A
        let bytes = Array(text.utf8)
        for (index, byte) in bytes.enumerated() {
            defer { previous = byte }
            if byte == 0x0A { line += 1 }
            guard byte == UInt8(ascii: "&") || byte == UInt8(ascii: "*") else { continue }
            let next = index + 1 < bytes.count ? bytes[index + 1] : 0x20
            let begins = previous <= 0x20 || previous >= 0x80 || "[{,:-?".utf8.contains(previous)
            guard next > 0x20, begins else { continue }
            let sign = String(UnicodeScalar(byte))
            throw invalid(
                source,
                "line \(line) has '\(sign)' where YAML has anchors and aliases, which are not supported; put a "
                    + "text that begins with it directly in quotes")
        }
    }

    private static func value(
        _ node: Node, depth: Int, _ count: inout Int, _ source: String
    ) throws(CutisError) -> ConfigurationValue {
        count += 1
        guard depth <= maximumDepth else { throw invalid(source, "it is nested more than \(maximumDepth) deep") }
        guard count <= maximumValues else { throw invalid(source, "it has more than \(maximumValues) values") }
        switch node {
        case .scalar(let scalar):
            return scalar.style == .plain || scalar.style == .any
                ? ConfigurationValue(plain: scalar.string) : .text(scalar.string)
        case .sequence(let members):
            var list: [ConfigurationValue] = []
            for member in members { list.append(try value(member, depth: depth + 1, &count, source)) }
            return .list(list)
        case .mapping(let pairs):
            var entries: [ConfigurationValue.Entry] = []
            var seen: Set<String> = []
            for (key, member) in pairs {
                let line = key.mark.map { "line \($0.line)" } ?? "a line"
                guard case .scalar(let name) = key else {
                    throw invalid(source, "\(line) has a key that is not a text")
                }
                guard seen.insert(name.string).inserted else {
                    throw invalid(source, "\(line) gives the key '\(name.string)' a second time")
                }
                entries.append(
                    .init(key: name.string, value: try value(member, depth: depth + 1, &count, source)))
            }
            return .section(entries)
        case .alias: throw invalid(source, "it has an alias, which is not supported")
        }
    }

    private static func describe(_ error: YamlError) -> String {
        switch error {
        case .scanner(_, let problem, let mark, _), .parser(_, let problem, let mark, _),
            .composer(_, let problem, let mark, _):
            "line \(mark.line), column \(mark.column): \(problem)"
        case .duplicatedKeysInMapping(let duplicates, let context):
            "line \(context.mark.line): a key is given twice: "
                + duplicates.sorted().map { "'\($0)'" }.joined(separator: ", ")
        case .reader(let problem, _, _, _): problem
        default: "it is not YAML"
        }
    }

    private static func invalid(_ source: String, _ reason: String) -> CutisError {
        CutisError(
            .configInvalid, "\(source) is not a valid configuration: \(reason).",
            remedy: "Correct the file; docs/training.md and docs/service.md list every key.")
    }
}

extension ConfigurationValue {
    /// Whether it holds keys.
    var isSection: Bool { if case .section = self { true } else { false } }
}
