import CutisCore
import CutisStatistics
import Foundation

/// The few figures that are computed while training goes on. They choose the best epoch; the report computes all
/// figures with intervals.
public struct ValidationFigures: Sendable, Hashable, Codable {
    /// Mean cross-entropy of the true class, unweighted.
    public let loss: Double
    /// Share of right predictions.
    public let accuracy: Double
    /// Mean recall of the classes that have images.
    public let balancedAccuracy: Double
    /// Mean one-against-the-rest area of the classes that have two images or more.
    public let macroAUROC: Double
    /// The watched class against the rest; nil where the data has no such class.
    public let watched: Watched?

    /// One class against the rest.
    public struct Watched: Sendable, Hashable, Codable {
        /// Area under the ROC curve.
        public let auroc: Double
        /// The best sensitivity with at least the demanded specificity.
        public let sensitivity: Double
        /// Specificity where that sensitivity is reached.
        public let specificity: Double
        /// The best specificity with at least the demanded sensitivity.
        public let specificityAtSensitivity: Double
        /// The threshold of `sensitivity` and `specificity`.
        public let threshold: Double
    }

    /// Computes the figures.
    ///
    /// - Parameters:
    ///   - logits: one row for each image.
    ///   - labels: the class of each image.
    ///   - watched: the watched class; nil for none.
    ///   - rules: the demanded specificity and sensitivity.
    package init(
        logits: [[Double]], labels: [Int], watched: Int?, rules: ValidationConfiguration
    ) throws {
        let rows = try logits.map(TemperatureScaling(temperature: 1).probabilities)
        let confusion = try ConfusionMatrix(probabilities: rows, labels: labels)
        var areas: [Double] = []
        for label in confusion.counts.indices {
            let positives = labels.map { $0 == label }
            guard positives.hasTwoOfEach else { continue }
            areas.append(try ROC.area(scores: rows.map { $0[label] }, positives: positives))
        }
        let recalls = confusion.counts.enumerated().compactMap { label, row in
            let count = row.reduce(0, +)
            return count > 0 ? Double(row[label]) / Double(count) : nil
        }
        loss = zip(rows, labels).reduce(0) { $0 - log(max(1e-300, $1.0[$1.1])) } / Double(labels.count)
        accuracy = try confusion.accuracy().value
        balancedAccuracy = recalls.reduce(0, +) / Double(max(1, recalls.count))
        macroAUROC = areas.reduce(0, +) / Double(max(1, areas.count))
        self.watched = try watched.map { label in
            try Watched(scores: rows.map { $0[label] }, positives: labels.map { $0 == label }, rules: rules)
        }
    }

    /// What an epoch is judged by; more is better.
    package func score(_ metric: ValidationConfiguration.Metric) -> Double {
        switch metric {
        case .sensitivityAtSpecificity: watched.map { $0.sensitivity + 1e-3 * $0.auroc } ?? balancedAccuracy
        case .specificityAtSensitivity:
            watched.map { $0.specificityAtSensitivity + 1e-3 * $0.auroc } ?? balancedAccuracy
        case .auroc: watched?.auroc ?? macroAUROC
        case .macroAUROC: macroAUROC
        case .balancedAccuracy: balancedAccuracy
        case .accuracy: accuracy
        case .meanOfThree: (macroAUROC + (watched?.auroc ?? macroAUROC) + balancedAccuracy) / 3
        case .loss: -loss
        }
    }

    /// The figures by the names that `metrics.csv` has.
    package var values: [String: Double] {
        var values = [
            "val_loss": loss, "val_accuracy": accuracy, "val_balanced_accuracy": balancedAccuracy,
            "val_macro_auroc": macroAUROC,
        ]
        guard let watched else { return values }
        values["val_auroc"] = watched.auroc
        values["val_sensitivity"] = watched.sensitivity
        values["val_specificity"] = watched.specificity
        values["val_specificity_at_sensitivity"] = watched.specificityAtSensitivity
        return values
    }

    var line: String {
        let common =
            "loss \(fixed(loss, 3)), accuracy \(fixed(accuracy, 3)), balanced \(fixed(balancedAccuracy, 3)), "
            + "AUROC \(fixed(macroAUROC, 4))"
        guard let watched else { return common }
        return common + ", watched class: AUROC \(fixed(watched.auroc, 4)), sensitivity "
            + "\(fixed(watched.sensitivity, 3)) at specificity \(fixed(watched.specificity, 3))"
    }
}

extension [Bool] {
    /// Whether there is enough for an area under a ROC curve.
    var hasTwoOfEach: Bool { count { $0 } >= 2 && count { !$0 } >= 2 }
}

extension ValidationFigures.Watched {
    init(scores: [Double], positives: [Bool], rules: ValidationConfiguration) throws {
        auroc = try ROC.area(scores: scores, positives: positives)
        let threshold = try ThresholdRule.specificity(atLeast: rules.minimumSpecificity)
            .threshold(scores: scores, positives: positives)
        let point = try OperatingPoint(threshold: threshold, scores: scores, positives: positives)
        self.threshold = threshold
        sensitivity = point.sensitivity.value
        specificity = point.specificity.value
        let other = try ThresholdRule.sensitivity(atLeast: rules.minimumSensitivity)
            .threshold(scores: scores, positives: positives)
        specificityAtSensitivity = try OperatingPoint(threshold: other, scores: scores, positives: positives)
            .specificity.value
    }
}
