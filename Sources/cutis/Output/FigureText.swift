import CutisCore
import CutisStatistics
import CutisTraining
import Foundation

/// Figures with their intervals, for tables on a terminal.
enum FigureText {
    /// `0.887 (0.859–0.915)`; a dash where there is none.
    static func interval(_ estimate: Estimate?) -> String {
        guard let estimate else { return "–" }
        return String(format: "%.3f (%.3f–%.3f)", estimate.value, estimate.lower, estimate.upper)
    }

    /// The figures of a classifier, a column for each part of the data.
    static func lines(_ parts: [(name: String, report: EvaluationReport)], labels: LabelSet) -> [String] {
        func row(_ name: String, _ figure: (EvaluationReport) -> Estimate?) -> [String] {
            [OneLine.text(name)] + parts.map { interval(figure($0.report)) }
        }
        var rows = [[""] + parts.map(\.name)]
        rows.append(["images"] + parts.map { "\($0.report.confusion.total)" })
        rows.append(row("accuracy") { $0.accuracy })
        rows.append(row("balanced accuracy") { $0.balancedAccuracy })
        rows.append(row("AUROC, mean of classes") { $0.macroAUROC })
        for label in labels.labels { rows.append(row("AUROC of \(label.id)") { $0.classAUROC[label.id] }) }
        return TextTable.lines(rows)
    }
}
