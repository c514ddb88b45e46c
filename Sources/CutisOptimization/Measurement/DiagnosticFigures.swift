import CutisCore
public import CutisStatistics

/// What labelled images say of one model.
public struct DiagnosticFigures: Sendable, Hashable {
    /// The label id that counts as positive.
    public let positive: String
    /// The probability from which an image is called positive.
    public let threshold: Double
    /// Area under the ROC curve of the positive class.
    public let area: Estimate
    /// Positives that are called positive.
    public let sensitivity: Estimate
    /// Negatives that are called negative.
    public let specificity: Estimate
    /// Positives that the given bundle calls positive and this one does not, both by less than `rounding`: arithmetic
    /// that is equally exact decides them either way, so they do not count as lost.
    public let undecided: Int
    /// The unweighted mean over the classes of the one-against-the-rest area; nil where a class does not occur.
    public let meanArea: Estimate?

    /// How far from the threshold rounding decides: what a golden case accepts between machines.
    public static let rounding = 1e-4

    /// Computes the figures from the probabilities of labelled images.
    ///
    /// - Parameters:
    ///   - truth: the class of each image; nil where the model has none for it.
    ///   - index: the place of the positive class among the outputs.
    ///   - given: the probabilities of the given bundle.
    /// - Throws: `StatisticsError`.
    package init(
        _ probabilities: [[Double]], labels truth: [Int?], positive: String, at index: Int, threshold: Double,
        given: [[Double]]
    ) throws(StatisticsError) {
        self.positive = positive
        self.threshold = threshold
        let scores = probabilities.map { $0[index] }
        let positives = truth.map { $0 == index }
        area = try ROC.auroc(scores: scores, positives: positives)
        let point = try OperatingPoint(threshold: threshold, scores: scores, positives: positives)
        (sensitivity, specificity) = (point.sensitivity, point.specificity)
        undecided = zip(zip(given, scores), positives).count { scores, isPositive in
            let (before, after) = (scores.0[index] - threshold, scores.1 - threshold)
            return isPositive && (0...Self.rounding).contains(before) && after < 0 && after >= -Self.rounding
        }
        let labels = truth.compactMap(\.self)
        let occurring = Set(labels).count
        guard labels.count == scores.count, occurring > 1, occurring == probabilities.first?.count else {
            meanArea = nil
            return
        }
        meanArea = try ROC.macroAUROC(probabilities: probabilities, labels: labels, replicates: 200)
    }

    /// The figures with their documented keys.
    var json: OrderedJSON {
        func estimate(_ value: Estimate) -> OrderedJSON {
            .object([
                "value": .number(value.value), "lower": .number(value.lower), "upper": .number(value.upper),
                "count": .integer(value.count), "method": .string(value.method),
            ])
        }
        return .object([
            "positive": .string(positive), "threshold": .number(threshold), "auc": estimate(area),
            "sensitivity": estimate(sensitivity), "specificity": estimate(specificity),
            "undecided": .integer(undecided), "mean_auc": meanArea.map(estimate) ?? .null,
        ])
    }
}

/// How right a model is, and how near to the given one.
public struct AccuracyFigures: Sendable, Hashable {
    /// Against the given bundle.
    public let agreement: AgreementFigures
    /// Against the labels; nil where there are none.
    public let diagnosis: DiagnosticFigures?

    /// Joins both.
    package init(agreement: AgreementFigures, diagnosis: DiagnosticFigures?) {
        self.agreement = agreement
        self.diagnosis = diagnosis
    }
}
