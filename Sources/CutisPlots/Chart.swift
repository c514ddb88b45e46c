/// A small chart for a report: data in, SVG text out.
///
/// One chart is drawn once and looks right in a light and in a dark page: the drawing holds class names only, and the
/// colours come from a style sheet (`ChartStyle`). No colour carries a meaning alone: lines differ in their dashes too,
/// bars and cells bear their numbers. Text from data is escaped, so any label is safe.
///
/// Values that are not finite, or beyond ±1e300, are gaps; on a logarithmic axis values that are not positive are too.
public struct Chart: Sendable, Hashable {
    /// What is shown, above the drawing.
    public var title: String
    /// One sentence for people who cannot see the drawing; read by screen readers.
    public var summary: String
    /// Width of the drawing in CSS pixels.
    public var width: Double
    /// Height of the drawing in CSS pixels.
    public var height: Double
    let content: Content

    enum Content: Sendable, Hashable {
        case lines(LinePlot)
        case bars(BarPlot)
        case histogram(HistogramPlot)
        case heatMap(HeatMapPlot)
    }

    init(_ title: String, _ summary: String, width: Double, height: Double, _ content: Content) {
        self.title = title
        self.summary = summary
        self.width = width
        self.height = height
        self.content = content
    }

    /// Lines of several series, such as learning curves.
    ///
    /// - Parameters:
    ///   - series: drawn in their order; a legend names them where there are several.
    public static func lines(
        _ title: String, summary: String = "", x: Axis = Axis(), y: Axis = Axis(), series: [Series],
        width: Double = 480, height: Double = 300
    ) -> Chart {
        Chart(
            title, summary, width: width, height: height,
            .lines(LinePlot(x: x, y: y, series: series, hasDiagonal: false)))
    }

    /// Curves in the unit square with its diagonal: ROC curves, reliability diagrams.
    ///
    /// - Parameters:
    ///   - x: the title of the horizontal axis, 0…1.
    ///   - y: the title of the vertical axis, 0…1.
    public static func unitSquare(
        _ title: String, summary: String = "", x: String, y: String, series: [Series], width: Double = 400,
        height: Double = 400
    ) -> Chart {
        let plot = LinePlot(
            x: Axis(x, range: 0...1), y: Axis(y, range: 0...1), series: series, hasDiagonal: true)
        return Chart(title, summary, width: width, height: height, .lines(plot))
    }

    /// Bars with their values, grouped where there are several series.
    ///
    /// - Parameters:
    ///   - categories: the names of the groups.
    ///   - series: one value for each category; a missing one is a gap.
    ///   - direction: horizontal bars suit long names and many categories.
    ///   - height: nil takes what the number of bars needs, for horizontal bars, and 300 for vertical ones.
    public static func bars(
        _ title: String, summary: String = "", categories: [String], series: [BarSeries], values: Axis = Axis(),
        direction: BarDirection = .horizontal, width: Double = 480, height: Double? = nil
    ) -> Chart {
        let plot = BarPlot(categories: categories, series: series, axis: values, direction: direction)
        return Chart(title, summary, width: width, height: height ?? plot.naturalHeight, .bars(plot))
    }

    /// Bars of one series.
    public static func bars(
        _ title: String, summary: String = "", _ bars: KeyValuePairs<String, Double>, values: Axis = Axis(),
        direction: BarDirection = .horizontal, width: Double = 480, height: Double? = nil
    ) -> Chart {
        Self.bars(
            title, summary: summary, categories: bars.map(\.key), series: [BarSeries("", bars.map(\.value))],
            values: values, direction: direction, width: width, height: height)
    }

    /// Overlaid outlines of histograms that share their bins.
    ///
    /// - Parameters:
    ///   - edges: the bins' bounds in ascending order, one more than each series has counts.
    ///   - series: counts or shares of the bins.
    public static func histogram(
        _ title: String, summary: String = "", edges: [Double], series: [BarSeries], x: Axis = Axis(),
        y: Axis = Axis(), width: Double = 480, height: Double = 300
    ) -> Chart {
        let plot = HistogramPlot(edges: edges, series: series, x: x, y: y)
        return Chart(title, summary, width: width, height: height, .histogram(plot))
    }

    /// A table whose cells are shaded by their values, such as a confusion matrix.
    ///
    /// - Parameters:
    ///   - values: one row for each of `rows`, one value for each of `columns`; a missing one is a gap.
    ///   - shading: what a full shade stands for.
    ///   - decimals: digits after the point.
    public static func heatMap(
        _ title: String, summary: String = "", rows: [String], columns: [String], values: [[Double]],
        rowTitle: String = "", columnTitle: String = "", shading: HeatMapShading = .largestOfRow, decimals: Int = 0
    ) -> Chart {
        let plot = HeatMapPlot(
            rows: rows, columns: columns, values: values, rowTitle: rowTitle, columnTitle: columnTitle,
            shading: shading, decimals: decimals)
        let size = plot.naturalSize
        return Chart(title, summary, width: size.width, height: size.height, .heatMap(plot))
    }

    /// The drawing as one `<svg>` element.
    ///
    /// - Parameter style: where the colours come from; `.inline` for `HTMLPage`, which brings the style sheet.
    public func svg(_ style: ChartStyle = .inline) -> String {
        var canvas = SVGCanvas()
        switch content {
        case .lines(let plot): plot.draw(self, on: &canvas)
        case .bars(let plot): plot.draw(self, on: &canvas)
        case .histogram(let plot): plot.draw(self, on: &canvas)
        case .heatMap(let plot): plot.draw(self, on: &canvas)
        }
        let (wide, high) = (SVGCanvas.number(width), SVGCanvas.number(height))
        let label = SVGCanvas.escaped(summary.isEmpty ? title : "\(title). \(summary)")
        let size = "viewBox=\"0 0 \(wide) \(high)\" width=\"\(wide)\" height=\"\(high)\""
        var out = "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"cx\" \(size) role=\"img\" aria-label=\"\(label)\">"
        out += "<title>\(SVGCanvas.escaped(title))</title>"
        if !summary.isEmpty { out += "<desc>\(SVGCanvas.escaped(summary))</desc>" }
        if let sheet = style.sheet { out += "<style>\(sheet)</style>" }
        if style.hasBackground { out += "<rect class=\"cx-paper\" width=\"\(wide)\" height=\"\(high)\"/>" }
        return out + canvas.text + "</svg>"
    }

    /// The drawing as the content of an SVG file of its own, which follows the reader's light or dark setting.
    public var file: String { "<?xml version=\"1.0\" encoding=\"UTF-8\"?>\n" + svg(.standalone) + "\n" }
}

/// One line of a chart.
public struct Series: Sendable, Hashable {
    /// The legend's name; empty where a legend would say nothing.
    public var name: String
    /// Positions along the horizontal axis.
    public var x: [Double]
    /// Values, as many as `x`; one that is not finite interrupts the line.
    public var y: [Double]
    /// Marks each point with a dot, as few points need.
    public var hasMarkers: Bool

    /// Joins positions and values; the longer of the two lists is cut.
    public init(_ name: String, x: [Double], y: [Double], hasMarkers: Bool = false) {
        let count = min(x.count, y.count)
        self.name = name
        self.x = Array(x.prefix(count))
        self.y = Array(y.prefix(count))
        self.hasMarkers = hasMarkers
    }

    /// Values at the positions 1, 2, 3…, such as one for each epoch.
    public init(_ name: String, _ y: [Double], hasMarkers: Bool = false) {
        self.init(name, x: y.indices.map { Double($0 + 1) }, y: y, hasMarkers: hasMarkers)
    }
}

/// One series of bars or of a histogram's bins.
public struct BarSeries: Sendable, Hashable {
    /// The legend's name; empty where a legend would say nothing.
    public var name: String
    /// One value for each category or bin.
    public var values: [Double]

    /// Joins a name and values.
    public init(_ name: String, _ values: [Double]) {
        self.name = name
        self.values = values
    }
}

/// Which way bars grow.
public enum BarDirection: Sendable, Hashable {
    /// To the right, one row a category.
    case horizontal
    /// Upwards, one column a category.
    case vertical
}

/// What the darkest shade of a heat map stands for.
public enum HeatMapShading: Sendable, Hashable {
    /// The largest value of each row: what a confusion matrix of unequal classes needs.
    case largestOfRow
    /// The largest value of all.
    case largest
    /// A value of 1, for shares.
    case one
}
