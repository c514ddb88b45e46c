import Testing

/// A strict reader of both text formats, for what the exposition promises; it accepts less than Prometheus does.
struct ExpositionParser {
    struct Family: Equatable {
        var help = ""
        var kind = ""
        var unit: String?
        var samples: [Sample] = []
    }

    struct Sample: Equatable {
        var name: String
        var labels: [String: String]
        var value: Double
    }

    struct Fault: Error { var line: String }

    private(set) var families: [String: Family] = [:]
    private let isOpen: Bool
    private var current = ""

    /// Reads a text.
    init(_ text: String, openMetrics: Bool) throws {
        isOpen = openMetrics
        guard text.unicodeScalars.last == "\n" else { throw Fault(line: "no line feed at the end") }
        // By scalars throughout: a `Character` may be a line feed with what comes before it.
        var lines = text.unicodeScalars.split(separator: "\n", omittingEmptySubsequences: false).dropLast().map {
            String($0)
        }
        if openMetrics, lines.popLast() != "# EOF" { throw Fault(line: "no # EOF") }
        for line in lines {
            if line.hasPrefix("# ") { try describe(line) } else { try sample(line) }
        }
    }

    private mutating func describe(_ line: String) throws {
        let words = line.split(separator: " ", maxSplits: 3).map(String.init)
        guard words.count == 4 else { throw Fault(line: line) }
        switch words[1] {
        case "HELP":
            guard families[words[2]] == nil else { throw Fault(line: line) }
            current = words[2]
            families[current] = Family(help: try unescape(words[3], quotes: isOpen))
        case "TYPE":
            let kinds = ["counter", "gauge", "histogram"] + (isOpen ? ["info"] : [])
            guard words[2] == current, kinds.contains(words[3]) else { throw Fault(line: line) }
            families[current]?.kind = words[3]
        case "UNIT":
            guard isOpen, words[2] == current, current.hasSuffix("_" + words[3]) else { throw Fault(line: line) }
            families[current]?.unit = words[3]
        default: throw Fault(line: line)
        }
    }

    private mutating func sample(_ line: String) throws {
        var rest = Substring(line).unicodeScalars
        func word() -> String {
            let word = rest.prefix { $0.properties.isAlphabetic || ("0"..."9").contains($0) || $0 == "_" }
            rest = rest.dropFirst(word.count)
            return String(word)
        }
        let name = word()
        var labels: [String: String] = [:]
        if rest.first == "{" {
            rest = rest.dropFirst()
            while rest.first != "}" {
                let label = word()
                guard !label.isEmpty, rest.starts(with: "=\"".unicodeScalars), labels[label] == nil else {
                    throw Fault(line: line)
                }
                rest = rest.dropFirst(2)
                var value = String.UnicodeScalarView()
                while let scalar = rest.popFirst(), scalar != "\"" {
                    value.append(scalar)
                    if scalar == "\\", let next = rest.popFirst() { value.append(next) }
                }
                labels[label] = try unescape(String(value), quotes: true)
                if rest.first == "," { rest = rest.dropFirst() } else if rest.first != "}" { throw Fault(line: line) }
            }
            rest = rest.dropFirst()
        }
        let text = String(rest.dropFirst())
        let value = text == "+Inf" ? Double.infinity : Double(text)
        guard rest.first == " ", let value else { throw Fault(line: line) }
        let suffixes =
            switch families[current]?.kind {
            case "counter": [isOpen ? "_total" : ""]
            case "histogram": ["_bucket", "_sum", "_count"]
            case "info": ["_info"]
            default: [""]
            }
        guard suffixes.contains(where: { current + $0 == name }) else { throw Fault(line: line) }
        families[current]?.samples.append(Sample(name: name, labels: labels, value: value))
    }

    private func unescape(_ text: String, quotes: Bool) throws -> String {
        var result = String.UnicodeScalarView()
        var rest = Substring(text).unicodeScalars
        while let scalar = rest.popFirst() {
            if quotes, scalar == "\"" { throw Fault(line: text) }
            guard scalar == "\\" else {
                result.append(scalar)
                continue
            }
            switch rest.popFirst() {
            case "n": result.append("\n")
            case "\\": result.append("\\")
            case "\"" where quotes: result.append("\"")
            default: throw Fault(line: text)
            }
        }
        return String(result)
    }
}
