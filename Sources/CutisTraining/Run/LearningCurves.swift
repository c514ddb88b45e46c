import CutisCore
import CutisImaging
public import CutisPlots
public import Foundation

/// Draws how figures went over the epochs.
public enum LearningCurves {
    /// Figures that belong in one drawing.
    public struct Panel: Sendable, Hashable {
        /// The file's name without its ending, and the title.
        public var name: String
        /// The title of the vertical axis.
        public var axis: String
        /// The columns with what they are called in the legend.
        public var columns: [Column]
        /// What is shown of the vertical axis; nil takes the data's range.
        public var range: ClosedRange<Double>?

        /// One line.
        public struct Column: Sendable, Hashable {
            /// The name of the figure in the records.
            public var key: String
            /// The name in the legend.
            public var name: String

            /// Joins both.
            public init(_ key: String, _ name: String) {
                self.key = key
                self.name = name
            }
        }

        /// Joins the parts.
        public init(_ name: String, axis: String, columns: [Column], range: ClosedRange<Double>? = nil) {
            self.name = name
            self.axis = axis
            self.columns = columns
            self.range = range
        }
    }

    /// The drawings of the panels that have data, in their order.
    public static func charts(_ records: [MetricRecord], panels: [Panel]) -> [(name: String, chart: Chart)] {
        panels.compactMap { panel in
            let series = panel.columns.compactMap { column -> Series? in
                let points = records.compactMap { record in
                    record.values[column.key].map { (Double(record.epoch), $0) }
                }
                guard !points.isEmpty else { return nil }
                return Series(column.name, x: points.map(\.0), y: points.map(\.1), hasMarkers: points.count < 20)
            }
            guard !series.isEmpty else { return nil }
            let last = series.compactMap { one in one.y.last.map { "\(one.name) ends at \(FigureFormat.short($0))" } }
            return (
                panel.name,
                Chart.lines(
                    panel.name, summary: last.joined(separator: ", ") + ".", x: Axis("epoch"),
                    y: Axis(panel.axis, range: panel.range), series: series)
            )
        }
    }

    /// Writes each drawing as an SVG file, replacing earlier ones.
    ///
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    public static func write(_ records: [MetricRecord], panels: [Panel], to folder: URL) throws {
        for (name, chart) in charts(records, panels: panels) {
            try AtomicOutput.file(folder.appendingPathComponent("\(name).svg"), Data(chart.file.utf8))
        }
    }

    /// Writes each drawing as a PNG file too, for places that show no SVG; on a light ground, at twice its size.
    ///
    /// - Throws: as `write`; `.computeFailed` where this machine's libvips cannot draw SVG.
    public static func writePNG(_ records: [MetricRecord], panels: [Panel], to folder: URL) throws {
        for (name, chart) in charts(records, panels: panels) {
            let png = try DrawingRenderer.png(svg: chart.svg(.light))
            try AtomicOutput.file(folder.appendingPathComponent("\(name).png"), png)
        }
    }
}
