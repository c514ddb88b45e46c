import Foundation

/// A small drawing of numbers over time, 320 × 96 units, with its words.
struct ChartView {
    /// One line.
    struct Line {
        let points: String
        /// `first`, `second` or `third`.
        let style: String
        let name: String
    }

    /// One bar.
    struct Bar {
        let x: String
        let y: String
        let width: String
        let height: String
    }

    let title: String
    let latest: String
    let description: String
    let lines: [Line]
    let bars: [Bar]
    /// Whether the lines need their names.
    let legend: Bool
    let from: String
    let until: String
    let scale: String

    static let width = 320.0
    static let height = 96.0

    /// Bars that stand for values, oldest first; the highest reaches the top.
    static func bars(_ values: [Double]) -> [Bar] {
        guard !values.isEmpty else { return [] }
        let step = width / Double(values.count)
        let highest = max(values.max() ?? 0, .leastNormalMagnitude)
        return values.enumerated().filter { $0.element > 0 }.map { index, value in
            // What is there at all can be seen.
            let height = max(value / highest * (Self.height - 4), 1.5)
            return Bar(
                x: number(Double(index) * step + step * 0.1), y: number(Self.height - height),
                width: number(step * 0.8), height: number(height))
        }
    }

    /// The points of a line through values, oldest first, on a scale that ends at `highest`; nil leaves a gap out.
    static func points(_ values: [Double?], highest: Double) -> String {
        guard values.count > 1, highest > 0 else { return "" }
        let step = width / Double(values.count - 1)
        return values.enumerated().compactMap { index, value in
            value.map { "\(number(Double(index) * step)),\(number(height - $0 / highest * (height - 4)))" }
        }.joined(separator: " ")
    }

    /// A number for a drawing.
    static func number(_ value: Double) -> String { String(format: "%.1f", value) }
}
