/// A table whose cells are shaded by their values.
struct HeatMapPlot: Hashable {
    let rows: [String]
    let columns: [String]
    let values: [[Double]]
    let rowTitle: String
    let columnTitle: String
    let shading: HeatMapShading
    let decimals: Int

    private static let cellHeight = 30.0
    private static let nameLimit = 150.0
    /// From this shade on the ground is nearer to the ink than to the paper.
    private static let turningPoint = 0.75

    private var nameWidth: Double { min(rows.map { SVGCanvas.width(of: $0) }.max() ?? 0, Self.nameLimit) }
    private var cellWidth: Double {
        let numbers = values.joined().map { SVGCanvas.width(of: text($0)) }.max() ?? 0
        let names = columns.map { min(SVGCanvas.width(of: $0), 84) }.max() ?? 0
        return max(40, max(numbers, names) + 10)
    }
    private var left: Double { PlotFrame.margin + (rowTitle.isEmpty ? 0 : 20) + nameWidth + 8 }
    private var top: Double { 34 + (columnTitle.isEmpty ? 0 : 18) + 20 }

    /// What readable cells need.
    var naturalSize: (width: Double, height: Double) {
        (
            max(left + cellWidth * Double(columns.count) + PlotFrame.margin, 200),
            top + Self.cellHeight * Double(rows.count) + PlotFrame.margin
        )
    }

    func draw(_ chart: Chart, on canvas: inout SVGCanvas) {
        _ = PlotFrame.drawHead(chart, names: [], key: .area, on: &canvas)
        let wide = max((chart.width - left - PlotFrame.margin) / Double(max(columns.count, 1)), 1)
        let high = max((chart.height - top - PlotFrame.margin) / Double(max(rows.count, 1)), 1)
        let middle = left + wide * Double(columns.count) / 2
        canvas.label(columnTitle, x: middle, y: top - 26, anchor: .middle, style: "cx-soft", room: chart.width - left)
        canvas.label(
            rowTitle, x: PlotFrame.margin + 10, y: top + high * Double(rows.count) / 2, anchor: .middle,
            style: "cx-soft", turned: true)
        for (column, name) in columns.enumerated() {
            canvas.label(name, x: left + wide * (Double(column) + 0.5), y: top - 7, anchor: .middle, room: wide - 2)
        }
        for (row, name) in rows.enumerated() {
            let y = top + high * Double(row)
            canvas.label(name, x: left - 8, y: y + high / 2 + 4, anchor: .end, room: Self.nameLimit + 1)
            for (column, other) in columns.enumerated() {
                let number = value(row, column)
                let shade = shade(number, row: row)
                let x = left + wide * Double(column)
                canvas.rectangle(
                    x: x + 1, y: y + 1, width: wide - 2, height: high - 2, "cx-heat",
                    extra: " fill-opacity=\"\(SVGCanvas.number(max(shade, 0.04)))\" rx=\"2\"",
                    title: "\(name) → \(other): \(text(number))")
                canvas.label(
                    text(number), x: x + wide / 2, y: y + high / 2 + 4, anchor: .middle,
                    style: shade > Self.turningPoint ? "cx-on" : "cx-ink")
            }
        }
    }

    private func value(_ row: Int, _ column: Int) -> Double {
        row < values.count && column < values[row].count ? values[row][column] : .nan
    }

    private func text(_ value: Double) -> String { FigureFormat.grouped(value, decimals: decimals) }

    /// 0 (paper) … 1 (full shade).
    private func shade(_ value: Double, row: Int) -> Double {
        let largest: Double
        switch shading {
        case .one: largest = 1
        case .largest: largest = Self.largest(values.joined())
        case .largestOfRow: largest = row < values.count ? Self.largest(values[row]) : 0
        }
        guard value.isFinite, value > 0, largest > 0 else { return 0 }
        return min(value / largest, 1)
    }

    private static func largest(_ values: some Sequence<Double>) -> Double {
        values.lazy.filter(\.isFinite).max() ?? 0
    }
}
