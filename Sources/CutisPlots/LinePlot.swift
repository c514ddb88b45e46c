/// Lines of several series over two numeric axes.
struct LinePlot: Hashable {
    let x: Axis
    let y: Axis
    let series: [Series]
    /// Draws what a perfect calibration or a guess would give.
    let hasDiagonal: Bool

    func draw(_ chart: Chart, on canvas: inout SVGCanvas) {
        let head = PlotFrame.drawHead(chart, names: series.map(\.name), key: .line, on: &canvas)
        let xScale = AxisScale(x, values: series.lazy.flatMap(\.x), count: 6)
        let yScale = AxisScale(y, values: series.lazy.flatMap(\.y))
        let frame = PlotFrame(chart, from: head, x: x, xScale: xScale, y: y, yScale: yScale, on: &canvas)
        if hasDiagonal {
            canvas.line(
                frame.left, frame.bottom, frame.right, frame.top, "cx-axis", extra: " stroke-dasharray=\"4 4\"")
        }
        // An inner drawing cuts off what lies beyond given ranges; two pixels more keep lines on the border whole.
        let (slackX, slackY) = (frame.left - 2, frame.top - 2)
        let view = [slackX, slackY, frame.width + 4, frame.height + 4].map(SVGCanvas.number)
        canvas.append(
            "<svg x=\"\(view[0])\" y=\"\(view[1])\" width=\"\(view[2])\" height=\"\(view[3])\" "
                + "viewBox=\"\(view.joined(separator: " "))\" overflow=\"hidden\">")
        for (index, one) in series.enumerated() {
            draw(one, index, frame, xScale, yScale, on: &canvas)
        }
        canvas.append("</svg>")
    }

    private func draw(
        _ one: Series, _ index: Int, _ frame: PlotFrame, _ xScale: AxisScale, _ yScale: AxisScale,
        on canvas: inout SVGCanvas
    ) {
        let (style, extra) = PlotFrame.stroke(index)
        var path = ""
        var run: [(x: Double, y: Double)] = []
        var dots: [(x: Double, y: Double)] = []
        for (position, value) in zip(one.x, one.y) {
            guard let across = xScale.position(position), let up = yScale.position(value) else {
                Self.close(&run, into: &path, dots: &dots)
                continue
            }
            // Far outside of the view a coordinate needs no exact place, only the direction.
            let point = (
                x: frame.left + min(max(across, -50), 50) * frame.width,
                y: frame.bottom - min(max(up, -50), 50) * frame.height
            )
            run.append(point)
            if one.hasMarkers { dots.append(point) }
        }
        Self.close(&run, into: &path, dots: &dots)
        if !path.isEmpty { canvas.append("<path class=\"\(style)\"\(extra) d=\"\(path)\"/>") }
        for dot in dots {
            let (cx, cy) = (SVGCanvas.number(dot.x), SVGCanvas.number(dot.y))
            canvas.append("<circle class=\"\(PlotFrame.fill(index))\" cx=\"\(cx)\" cy=\"\(cy)\" r=\"3\"/>")
        }
    }

    /// Ends a run at a gap: points nearer than a third of a pixel to the one before are left out, a lone one is a dot.
    private static func close(
        _ run: inout [(x: Double, y: Double)], into path: inout String, dots: inout [(x: Double, y: Double)]
    ) {
        defer { run = [] }
        guard let first = run.first, let end = run.last else { return }
        guard run.count > 1 else {
            dots.append(first)
            return
        }
        path += "M\(SVGCanvas.number(first.x)) \(SVGCanvas.number(first.y))"
        var last = first
        for point in run.dropFirst().dropLast() where abs(point.x - last.x) + abs(point.y - last.y) > 0.34 {
            path += "L\(SVGCanvas.number(point.x)) \(SVGCanvas.number(point.y))"
            last = point
        }
        path += "L\(SVGCanvas.number(end.x)) \(SVGCanvas.number(end.y))"
    }
}
