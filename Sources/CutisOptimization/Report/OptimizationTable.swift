import CutisInference
import CutisStatistics

/// An optimisation as a table that people read, on a terminal and as Markdown.
public struct OptimizationTable {
    private let report: OptimizationReport

    /// How many kept layers are named.
    private static let namedLayers = 12

    /// Shows a report.
    public init(_ report: OptimizationReport) { self.report = report }

    /// The table, and below it what it rests on; every line ends with a line break.
    public var text: String {
        let header = [""] + report.columns.map(\.name)
        let lines = [header] + rows
        let widths = header.indices.map { column in lines.map { $0[column].count }.max() ?? 0 }
        func line(_ cells: [String]) -> String {
            let padded = zip(cells, widths).enumerated().map { index, cell in
                let space = String(repeating: " ", count: cell.1 - cell.0.count)
                return index == 0 ? cell.0 + space : space + cell.0
            }
            return "| " + padded.joined(separator: " | ") + " |"
        }
        let rule = widths.enumerated().map { index, width in
            String(repeating: "-", count: width + 1) + (index == 0 ? "-" : ":")
        }
        let table = [line(header), "|\(rule.joined(separator: "|"))|"] + rows.map(line)
        return (table + [""] + notes.map { "- \($0)" }).joined(separator: "\n") + "\n"
    }

    private var rows: [[String]] {
        func row(_ name: String, _ text: (OptimizationReport.Column) -> String?) -> [String]? {
            let cells = report.columns.map(text)
            return cells.contains { $0 != nil } ? [name] + cells.map { $0 ?? "–" } : nil
        }
        func performance(_ name: String, _ text: (PerformanceFigures) -> String) -> [String]? {
            row(name) { $0.performance.map(text) }
        }
        func diagnosis(_ name: String, _ text: (DiagnosticFigures) -> String?) -> [String]? {
            row(name) { $0.accuracy.diagnosis.flatMap(text) }
        }
        let positive = report.columns.first?.accuracy.diagnosis
        let name = positive?.positive ?? ""
        let threshold = positive.map { FigureText.fixed($0.threshold, 4) } ?? ""
        return [
            row("weights") { $0.bytes.map(FigureText.megabytes) },
            performance("load") { "\(FigureText.fixed($0.loadMilliseconds, 0)) ms" },
            performance("latency p50") { "\(FigureText.fixed($0.median, 2)) ms" },
            performance("latency p95") { "\(FigureText.fixed($0.p95, 2)) ms" },
            performance("throughput") { "\(FigureText.fixed($0.imagesPerSecond, 2)) images/s" },
            performance("peak memory") { "\(FigureText.fixed($0.peakMegabytes, 0)) MB" },
            row("cosine of features, mean") { FigureText.fixed($0.accuracy.agreement.meanCosine, 5) },
            row("cosine of features, lowest") { FigureText.fixed($0.accuracy.agreement.lowestCosine, 5) },
            row("same most probable class") { $0.accuracy.agreement.sameClass.map(FigureText.percent) },
            row("largest probability difference") {
                $0.accuracy.agreement.largestDifference.map { FigureText.fixed($0, 4) }
            },
            diagnosis("AUC of \(name)") { FigureText.fixed($0.area.value, 4) },
            diagnosis("mean AUC") { $0.meanArea.map { FigureText.fixed($0.value, 4) } },
            diagnosis("sensitivity at \(threshold)") { FigureText.percent($0.sensitivity.value) },
            diagnosis("specificity at \(threshold)") { FigureText.percent($0.specificity.value) },
        ].compactMap(\.self)
    }

    private var notes: [String] {
        let budget = report.budget
        var notes: [String] = []
        let images = report.columns.first?.accuracy.agreement.count ?? 0
        if let diagnosis = report.columns.first?.accuracy.diagnosis {
            notes.append(
                "Accuracy on \(images) labelled images, \(diagnosis.sensitivity.count) of them \(diagnosis.positive). "
                    + "Budget: mean cosine at least \(budget.cosine), \(budget.sensitivityLoss) points of sensitivity, "
                    + "\(budget.areaLoss) of AUC.")
        } else {
            notes.append(
                "No labels were given: only the features of \(images) calibration images were compared, and nothing is "
                    + "known about sensitivity. Budget: mean cosine at least \(budget.cosine).")
        }
        let undecided = report.columns.dropFirst().first?.accuracy.diagnosis?.undecided ?? 0
        if undecided > 0 {
            notes.append(
                "Not counted as lost: positives within \(DiagnosticFigures.rounding) of the threshold before and after, "
                    + "which rounding decides: \(undecided).")
        }
        if let performance = report.columns.compactMap(\.performance).first {
            notes.append("\(performance.cpu), threads: \(performance.threads), one image at a time, in an own process.")
        }
        if report.computed != report.precision {
            notes.append(
                "This CPU cannot compute \(report.precision.rawValue): the new bundle was measured in "
                    + "\(report.computed.rawValue).")
        }
        notes += quantisation
        notes += report.violations.map { "Beyond the budget: \($0)." }
        return notes
    }

    private var quantisation: [String] {
        guard let method = report.method, let range = report.range else { return [] }
        let kept = report.layers.filter { $0.keptBecause != nil }
        let smoothed = report.layers.count { $0.exponent != nil && $0.keptBecause == nil }
        var notes = [
            "int8 by \(method.rawValue)\(method == .smooth ? ", ranges by \(range.rawValue)" : ""), "
                + "\(report.calibrationImages) calibration images: "
                + "\(report.layers.count - kept.count) of \(report.layers.count) layers are int8, \(smoothed) smoothed; "
                + "the first and the last layer always stay in floating point."
        ]
        notes += kept.prefix(Self.namedLayers).map { "\($0.name) stays in floating point: \($0.keptBecause ?? "")." }
        if kept.count > Self.namedLayers {
            notes.append("\(kept.count - Self.namedLayers) more layers stay in floating point (`optimization.json`).")
        }
        return notes
    }
}
