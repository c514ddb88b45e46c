import Foundation

/// Numbers as people read them, the same in every locale.
public enum FigureFormat {
    /// About three significant digits: `4,323`, `0.125`, `2.4e-05`; an en dash for what is not a finite number.
    public static func short(_ value: Double) -> String {
        guard value.isFinite else { return "–" }
        let size = abs(value)
        if size == 0 { return "0" }
        if size >= 1e7 || size < 1e-3 { return exponent(value) }
        if value == value.rounded() || size >= 1000 { return grouped(value, decimals: 0) }
        return trimmed(grouped(value, decimals: max(0, 2 - Int(log10(size).rounded(.down)))))
    }

    /// Digits after the point as asked, thousands apart by commas.
    public static func grouped(_ value: Double, decimals: Int) -> String {
        guard value.isFinite else { return "–" }
        let text = String(format: "%.\(min(max(decimals, 0), 12))f", abs(value))
        let parts = text.split(separator: ".")
        var whole = ""
        for (index, digit) in (parts.first ?? "0").enumerated() {
            if index > 0, ((parts.first?.count ?? 0) - index) % 3 == 0 { whole += "," }
            whole.append(digit)
        }
        let isZero = !text.contains { $0 != "0" && $0 != "." }
        return (value < 0 && !isZero ? "−" : "") + whole + (parts.count > 1 ? ".\(parts[1])" : "")
    }

    /// A share of 1 in percent with one decimal: `12.5%`.
    public static func percent(_ share: Double) -> String {
        share.isFinite ? grouped(share * 100, decimals: 1) + "%" : "–"
    }

    /// A tick's number with the decimals that its step needs.
    static func tick(_ value: Double, step: Double) -> String {
        if value == 0 { return "0" }
        if abs(value) >= 1e7 || step < 1e-4 { return exponent(value) }
        return grouped(value, decimals: max(0, -Int((log10(step) + 1e-9).rounded(.down))))
    }

    private static func exponent(_ value: Double) -> String {
        let parts = String(format: "%.2e", value).split(separator: "e")
        guard parts.count == 2, let power = Int(parts[1]) else { return "\(value)" }
        return trimmed(String(parts[0])).replacingOccurrences(of: "-", with: "−") + "e\(power)"
    }

    private static func trimmed(_ text: String) -> String {
        guard text.contains(".") else { return text }
        var kept = Substring(text)
        while kept.last == "0" { kept = kept.dropLast() }
        return String(kept.last == "." ? kept.dropLast() : kept)
    }
}
