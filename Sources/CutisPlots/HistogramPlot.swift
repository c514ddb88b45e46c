/// Overlaid histograms over common bins.
struct HistogramPlot: Hashable {
    let edges: [Double]
    let series: [BarSeries]
    let x: Axis
    let y: Axis

    func draw(_ chart: Chart, on canvas: inout SVGCanvas) {
        let head = PlotFrame.drawHead(chart, names: series.map(\.name), key: .line, on: &canvas)
        // Bins are shown whole: the axis ends where they end.
        let ends = edges.first.flatMap { first in edges.last.flatMap { first < $0 ? first...$0 : nil } }
        let xScale = AxisScale(
            Axis(x.title, isLogarithmic: x.isLogarithmic, range: x.range ?? ends), values: edges, count: 6)
        let yScale = AxisScale(
            y, values: series.lazy.flatMap { $0.values.prefix(max(edges.count - 1, 0)) }, includesZero: true)
        let frame = PlotFrame(chart, from: head, x: x, xScale: xScale, y: y, yScale: yScale, on: &canvas)
        for (index, one) in series.enumerated() {
            let path = outline(one.values, frame, xScale, yScale)
            guard !path.isEmpty else { continue }
            let (style, extra) = PlotFrame.stroke(index)
            let opacity = series.count > 1 ? "0.10" : "0.35"
            canvas.append("<path class=\"\(PlotFrame.fill(index))\" fill-opacity=\"\(opacity)\" d=\"\(path)Z\"/>")
            canvas.append("<path class=\"\(style)\"\(extra) d=\"\(path)\"/>")
        }
    }

    /// The steps of one histogram, from the base line and back to it.
    private func outline(_ values: [Double], _ frame: PlotFrame, _ xScale: AxisScale, _ yScale: AxisScale) -> String {
        var path = ""
        var last = frame.bottom
        var end = frame.left
        for (bin, value) in values.prefix(max(edges.count - 1, 0)).enumerated() {
            guard let from = xScale.position(edges[bin]), let to = xScale.position(edges[bin + 1]) else { continue }
            let share = min(max(yScale.position(value) ?? 0, 0), 1)
            let start = frame.left + min(max(from, 0), 1) * frame.width
            end = frame.left + min(max(to, 0), 1) * frame.width
            let y = frame.bottom - share * frame.height
            if path.isEmpty { path = "M\(SVGCanvas.number(start)) \(SVGCanvas.number(frame.bottom))" }
            if SVGCanvas.number(y) != SVGCanvas.number(last) {
                path += "H\(SVGCanvas.number(start))V\(SVGCanvas.number(y))"
                last = y
            }
        }
        return path.isEmpty ? "" : path + "H\(SVGCanvas.number(end))V\(SVGCanvas.number(frame.bottom))"
    }
}
