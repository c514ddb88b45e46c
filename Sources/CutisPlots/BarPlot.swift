/// Bars of several series, grouped by category.
struct BarPlot: Hashable {
    let categories: [String]
    let series: [BarSeries]
    let axis: Axis
    let direction: BarDirection

    private var groupSize: Double { 26 + 16 * Double(max(series.count, 1) - 1) }
    private var hasLegend: Bool { series.contains { !$0.name.isEmpty } }

    /// What horizontal bars of a readable thickness need.
    var naturalHeight: Double {
        guard direction == .horizontal else { return 300 }
        return 34 + (hasLegend ? 22 : 0) + groupSize * Double(max(categories.count, 1))
            + (axis.title.isEmpty ? 8 : 26)
    }

    func draw(_ chart: Chart, on canvas: inout SVGCanvas) {
        let head = PlotFrame.drawHead(
            chart, names: series.map(\.name), key: .area, slots: series.map(\.slot), on: &canvas)
        let values = series.flatMap { $0.values.prefix(categories.count) }
        // Without ticks the largest bar may take all the room.
        let reach = values.filter { AxisScale.isDrawable($0, logarithmic: false) } + [0]
        var own = axis
        if direction == .horizontal, !axis.isLogarithmic, axis.range == nil {
            own.range = (reach.min() ?? 0)...(reach.max() ?? 0)
        }
        let scale = AxisScale(own, values: values, includesZero: true)
        switch direction {
        case .horizontal: drawHorizontal(chart, head, scale, on: &canvas)
        case .vertical: drawVertical(chart, head, scale, on: &canvas)
        }
    }

    private func value(_ one: BarSeries, _ category: Int) -> Double {
        category < one.values.count ? one.values[category] : .nan
    }

    /// Every bar bears its number, so that horizontal bars need no ticks.
    private func drawHorizontal(_ chart: Chart, _ head: Double, _ scale: AxisScale, on canvas: inout SVGCanvas) {
        let names = categories.map { SVGCanvas.width(of: $0) }.max() ?? 0
        let left = PlotFrame.margin + min(names, chart.width * 0.42) + 8
        let numbers = series.flatMap(\.values).map { SVGCanvas.width(of: FigureFormat.short($0)) }.max() ?? 0
        let bottom = chart.height - PlotFrame.margin - (axis.title.isEmpty ? 0 : 18)
        let frame = PlotFrame(
            left: left, right: chart.width - PlotFrame.margin - numbers - 6, top: head, bottom: bottom)
        let zero = scale.position(0) ?? 0
        let group = frame.height / Double(max(categories.count, 1))
        let bar = group * 0.76 / Double(max(series.count, 1))
        for (row, name) in categories.enumerated() {
            let start = frame.top + Double(row) * group + group * 0.12
            canvas.label(
                name, x: left - 8, y: start + group * 0.38 + 4, anchor: .end, room: left - 8 - PlotFrame.margin + 1)
            for (index, one) in series.enumerated() {
                let number = value(one, row)
                let share = scale.position(number).map { min(max($0, 0), 1) }
                let (from, to) = (min(zero, share ?? zero) * frame.width, max(zero, share ?? zero) * frame.width)
                let y = start + Double(index) * bar
                canvas.rectangle(
                    x: left + from, y: y, width: to - from, height: bar - 1, PlotFrame.fill(one.slot ?? index),
                    extra: " rx=\"1.5\""
                )
                canvas.label(
                    FigureFormat.short(number), x: left + to + 5, y: y + bar / 2 + 4, style: "cx-soft",
                    size: min(SVGCanvas.fontSize, max(bar, 8)))
            }
        }
        let x = left + zero * frame.width
        canvas.line(x, frame.top, x, frame.bottom, "cx-axis")
        canvas.label(
            axis.title, x: (frame.left + frame.right) / 2, y: chart.height - PlotFrame.margin, anchor: .middle,
            style: "cx-soft", room: chart.width - 2 * PlotFrame.margin)
    }

    private func drawVertical(_ chart: Chart, _ head: Double, _ scale: AxisScale, on canvas: inout SVGCanvas) {
        // The categories stand where ticks would.
        let across = AxisScale(lower: 0, upper: 1, isLogarithmic: false, ticks: [])
        let frame = PlotFrame(
            chart, from: head + 12, x: Axis(), xScale: across, y: axis, yScale: scale, on: &canvas)
        let group = frame.width / Double(max(categories.count, 1))
        let bar = group * 0.76 / Double(max(series.count, 1))
        let zero = frame.bottom - (scale.position(0) ?? 0) * frame.height
        for (column, name) in categories.enumerated() {
            let start = frame.left + Double(column) * group + group * 0.12
            canvas.label(
                name, x: start + group * 0.38, y: frame.bottom + 17, anchor: .middle, room: group - 2)
            for (index, one) in series.enumerated() {
                let number = value(one, column)
                let share = scale.position(number).map { min(max($0, 0), 1) }
                let y = share.map { frame.bottom - $0 * frame.height } ?? zero
                let x = start + Double(index) * bar
                canvas.rectangle(
                    x: x, y: min(y, zero), width: bar - 1, height: abs(zero - y), PlotFrame.fill(one.slot ?? index),
                    extra: " rx=\"1.5\"")
                let text = FigureFormat.short(number)
                let size = min(SVGCanvas.fontSize, SVGCanvas.fontSize * (bar + 6) / SVGCanvas.width(of: text))
                guard size >= 7 else { continue }
                canvas.label(
                    text, x: x + bar / 2, y: y <= zero ? y - 4 : y + size + 2, anchor: .middle, style: "cx-soft",
                    size: size)
            }
        }
        canvas.line(frame.left, zero, frame.right, zero, "cx-axis")
    }
}
