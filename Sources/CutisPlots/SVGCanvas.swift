import Foundation

/// Collects the elements of one drawing.
struct SVGCanvas {
    private(set) var text = ""

    /// How a text lies at its position.
    enum Anchor: String {
        case start, middle, end
    }

    static let fontSize = 12.0

    mutating func append(_ element: String) {
        text += element
    }

    mutating func line(_ x1: Double, _ y1: Double, _ x2: Double, _ y2: Double, _ style: String, extra: String = "") {
        let (a, b, c, d) = (Self.number(x1), Self.number(y1), Self.number(x2), Self.number(y2))
        append("<path class=\"\(style)\"\(extra) d=\"M\(a) \(b)L\(c) \(d)\"/>")
    }

    mutating func rectangle(
        x: Double, y: Double, width: Double, height: Double, _ style: String, extra: String = "", title: String? = nil
    ) {
        let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
        let size = "width=\"\(Self.number(max(width, 0)))\" height=\"\(Self.number(max(height, 0)))\""
        let inner = title.map { "><title>\(Self.escaped($0))</title></rect>" } ?? "/>"
        append("<rect class=\"\(style)\" \(place) \(size)\(extra)\(inner)")
    }

    /// Writes a text; one wider than `room` is cut and keeps its whole content as a tool tip.
    mutating func label(
        _ content: String, x: Double, y: Double, anchor: Anchor = .start, style: String = "cx-ink",
        size: Double = fontSize, isBold: Bool = false, turned: Bool = false, room: Double = .infinity
    ) {
        guard !content.isEmpty else { return }
        let shown = Self.cut(content, to: room, size: size)
        var extra = anchor == .start ? "" : " text-anchor=\"\(anchor.rawValue)\""
        if size != Self.fontSize { extra += " font-size=\"\(Self.number(size))\"" }
        if isBold { extra += " font-weight=\"600\"" }
        if turned { extra += " transform=\"rotate(-90 \(Self.number(x)) \(Self.number(y)))\"" }
        let tip = shown == content ? "" : "<title>\(Self.escaped(content))</title>"
        let place = "x=\"\(Self.number(x))\" y=\"\(Self.number(y))\""
        append("<text class=\"\(style)\" \(place)\(extra)>\(tip)\(Self.escaped(shown))</text>")
    }

    /// About how wide a text is; browsers choose the font, so nothing depends on the last pixel.
    static func width(of text: String, size: Double = fontSize) -> Double {
        var units = 0.0
        for scalar in text.unicodeScalars {
            switch scalar.value {
            case 0x1100...: units += scalar.value < 0x2E80 ? 0.6 : 1
            default: units += "ijlftI.,:;'|()[]! ".unicodeScalars.contains(scalar) ? 0.32 : 0.58
            }
        }
        return units * size
    }

    /// The text, or its beginning with an ellipsis where it is wider than `room`.
    static func cut(_ text: String, to room: Double, size: Double = fontSize) -> String {
        guard width(of: text, size: size) > room else { return text }
        var kept = text
        while !kept.isEmpty, width(of: kept, size: size) + size > room { kept.removeLast() }
        return kept.trimmingCharacters(in: .whitespaces) + "…"
    }

    /// A coordinate with at most two decimals.
    static func number(_ value: Double) -> String {
        guard value.isFinite, abs(value) < 1e9 else { return "0" }
        let hundredths = Int((value * 100).rounded())
        let (whole, rest) = (abs(hundredths) / 100, abs(hundredths) % 100)
        let sign = hundredths < 0 ? "-" : ""
        if rest == 0 { return "\(sign)\(whole)" }
        let digits = rest % 10 == 0 ? "\(rest / 10)" : (rest < 10 ? "0\(rest)" : "\(rest)")
        return "\(sign)\(whole).\(digits)"
    }

    /// Text for XML and HTML, in elements and in quoted attributes; characters that XML forbids become spaces.
    static func escaped(_ text: String) -> String {
        var out = ""
        for scalar in text.unicodeScalars {
            switch scalar {
            case "&": out += "&amp;"
            case "<": out += "&lt;"
            case ">": out += "&gt;"
            case "\"": out += "&quot;"
            case "'": out += "&#39;"
            case _ where scalar.value < 0x20 || (0x7F...0x9F).contains(scalar.value) || scalar.value & 0xFFFE == 0xFFFE:
                out += " "
            default: out.unicodeScalars.append(scalar)
            }
        }
        return out
    }
}
