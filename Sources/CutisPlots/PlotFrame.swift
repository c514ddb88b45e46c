/// The parts that charts with two axes share: title, legend, ticks, grid, and the place where the data goes.
struct PlotFrame {
    /// What the legend shows in front of a name.
    enum Key {
        case line, area
    }

    let left: Double
    let right: Double
    let top: Double
    let bottom: Double

    var width: Double { right - left }
    var height: Double { bottom - top }

    static let margin = 10.0
    private static let titleSize = 14.0
    private static let lineHeight = 18.0
    private static let dashes = ["", "6 3", "2 3", "9 3 2 3"]

    /// The class of a series' colour, `f` for fills and `s` for strokes, with the dashes that tell it apart without it.
    static func stroke(_ index: Int) -> (style: String, extra: String) {
        let dash = dashes[index % dashes.count]
        let extra = dash.isEmpty ? "" : " stroke-dasharray=\"\(dash)\""
        return ("cx-s\(index % Palette.seriesCount + 1)", " stroke-width=\"2\" stroke-linejoin=\"round\"" + extra)
    }

    static func fill(_ index: Int) -> String { "cx-f\(index % Palette.seriesCount + 1)" }

    /// Draws title and legend.
    ///
    /// - Returns: where the rest of the drawing begins.
    static func drawHead(_ chart: Chart, names: [String], key: Key, on canvas: inout SVGCanvas) -> Double {
        var y = margin
        let room = chart.width - 2 * margin
        if !chart.title.isEmpty {
            canvas.label(chart.title, x: margin, y: y + 13, size: titleSize, isBold: true, room: room)
            y += 24
        }
        guard names.contains(where: { !$0.isEmpty }) else { return y }
        var x = margin
        for (index, name) in names.enumerated() {
            let shown = SVGCanvas.cut(name, to: room - 30)
            let need = 24 + SVGCanvas.width(of: shown) + 14
            if x > margin, x + need > chart.width - margin + 14 {
                x = margin
                y += lineHeight
            }
            switch key {
            case .line:
                let (style, extra) = stroke(index)
                canvas.line(x, y + 8, x + 18, y + 8, style, extra: extra)
            case .area: canvas.rectangle(x: x + 3, y: y + 2, width: 12, height: 12, fill(index), extra: " rx=\"2\"")
            }
            canvas.label(name, x: x + 24, y: y + 12, room: room - 30)
            x += need
        }
        return y + lineHeight + 4
    }

    /// Leaves room around the data for two numeric axes and draws them with a grid.
    init(
        _ chart: Chart, from head: Double, x: Axis, xScale: AxisScale, y: Axis, yScale: AxisScale,
        on canvas: inout SVGCanvas
    ) {
        let widest = yScale.ticks.map { SVGCanvas.width(of: $0.label) }.max() ?? 0
        left = Self.margin + (y.title.isEmpty ? 0 : 18) + widest + 6
        let last = xScale.ticks.last.map { SVGCanvas.width(of: $0.label) / 2 } ?? 0
        right = chart.width - max(Self.margin, last + 2)
        top = head + 4
        bottom = chart.height - Self.margin - (x.title.isEmpty ? 0 : 18) - 18
        for tick in yScale.ticks {
            guard let share = yScale.position(tick.value) else { continue }
            let place = bottom - share * height
            canvas.line(left, place, right, place, "cx-grid")
            canvas.label(tick.label, x: left - 6, y: place + 4, anchor: .end, style: "cx-soft")
        }
        drawHorizontalTicks(xScale, on: &canvas)
        canvas.line(left, bottom, right, bottom, "cx-axis")
        canvas.label(
            x.title, x: (left + right) / 2, y: chart.height - Self.margin, anchor: .middle, style: "cx-soft",
            room: chart.width - 2 * Self.margin)
        canvas.label(
            y.title, x: Self.margin + 10, y: (top + bottom) / 2, anchor: .middle, style: "cx-soft", turned: true,
            room: bottom - top + 20)
    }

    /// For charts that lay out their own axes.
    init(left: Double, right: Double, top: Double, bottom: Double) {
        self.left = left
        self.right = right
        self.top = top
        self.bottom = bottom
    }

    /// Tick marks and numbers below the data; numbers that would touch are left out.
    private func drawHorizontalTicks(_ scale: AxisScale, on canvas: inout SVGCanvas) {
        var free = -Double.infinity
        for tick in scale.ticks {
            guard let share = scale.position(tick.value) else { continue }
            let place = left + share * width
            canvas.line(place, bottom, place, bottom + 4, "cx-axis")
            let half = SVGCanvas.width(of: tick.label) / 2
            guard place - half > free else { continue }
            canvas.label(tick.label, x: place, y: bottom + 17, anchor: .middle, style: "cx-soft")
            free = place + half + 4
        }
    }
}
