public import CutisInference
import CutisStatistics

/// The most that a converted bundle may lose.
public struct AccuracyBudget: Sendable, Hashable {
    /// In points: 0.5 lets 90.0 % become 89.5 %.
    public var sensitivityLoss = 0.5
    /// Of the area under the ROC curve of the positive class, and of the mean over the classes.
    public var areaLoss = 0.005
    /// The least mean cosine between the features before and after.
    public var cosine: Double

    /// The defaults for a precision.
    public init(for precision: Precision) { cosine = precision == .int8 ? 0.995 : 0.9995 }

    /// What the candidate loses beyond the budget, each as a sentence; empty where it may be used.
    package func violations(_ candidate: AccuracyFigures, against baseline: AccuracyFigures) -> [String] {
        var found: [String] = []
        // Not-a-number never passes.
        if !(candidate.agreement.meanCosine >= cosine) {
            found.append(
                "the mean cosine of the features is \(text(candidate.agreement.meanCosine, 5)), "
                    + "\(text(cosine - candidate.agreement.meanCosine, 5)) below the least of \(cosine)")
        }
        guard let before = baseline.diagnosis, let after = candidate.diagnosis else { return found }
        let undecided = Double(after.undecided) / Double(after.sensitivity.count)
        let points = 100 * (before.sensitivity.value - after.sensitivity.value - undecided)
        if !(points <= sensitivityLoss + Self.rounding) {
            found.append(
                "the sensitivity for \(after.positive) falls by \(text(points, 2)) points, "
                    + "\(text(points - sensitivityLoss, 2)) more than the budget of \(sensitivityLoss)")
        }
        let areas = [
            ("the AUC of \(after.positive)", before.area.value, after.area.value),
            ("the mean AUC", before.meanArea?.value, after.meanArea?.value),
        ]
        for (name, before, after) in areas {
            guard let before, let after, !(before - after <= areaLoss + Self.rounding) else { continue }
            found.append(
                "\(name) falls by \(text(before - after, 4)), \(text(before - after - areaLoss, 4)) more than the "
                    + "budget of \(areaLoss)")
        }
        return found
    }

    /// A loss that equals the budget is within it, whatever the last bit says.
    private static let rounding = 1e-9

    private func text(_ value: Double, _ digits: Int) -> String { FigureText.fixed(value, digits) }
}
