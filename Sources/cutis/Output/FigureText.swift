import CutisStatistics
import Foundation

/// Figures with their intervals, for tables on a terminal.
enum FigureText {
    /// `0.887 (0.859–0.915)`; a dash where there is none.
    static func interval(_ estimate: Estimate?) -> String {
        guard let estimate else { return "–" }
        return String(format: "%.3f (%.3f–%.3f)", estimate.value, estimate.lower, estimate.upper)
    }
}
