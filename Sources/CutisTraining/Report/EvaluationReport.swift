import CutisCore
public import CutisStatistics

/// The figures of a classifier on one set of images, each with its 95 % interval.
public struct EvaluationReport: Codable, Sendable {
    /// The melanoma figures, melanoma against everything else.
    public struct Melanoma: Codable, Sendable {
        /// Area under the ROC curve.
        public let auroc: Estimate
        /// Area under the precision-recall curve.
        public let averagePrecision: Estimate
        /// What the stored threshold does.
        public let operatingPoint: OperatingPoint
    }

    /// A part of the images.
    public struct Subgroup: Codable, Sendable {
        /// What parts the images, such as `sex`.
        public let attribute: String
        /// The value of this part, such as `female`.
        public let value: String
        /// How many images it has.
        public let count: Int
        /// How many of them are melanomas.
        public let melanomas: Int
        /// Share of right predictions.
        public let accuracy: Estimate
        /// Melanoma AUROC, or nil with fewer than ten melanomas or ten other images.
        public let melanomaAUROC: Estimate?
    }

    /// Images per class.
    public let counts: [String: Int]
    /// Share of right predictions.
    public let accuracy: Estimate
    /// Mean recall of the classes.
    public let balancedAccuracy: Estimate
    /// Mean one-against-the-rest area.
    public let macroAUROC: Estimate
    /// The one-against-the-rest area of each class.
    public let classAUROC: [String: Estimate]
    /// The recall of each class.
    public let classRecall: [String: Estimate]
    /// Melanoma against the rest.
    public let melanoma: Melanoma
    /// Expected calibration error, 15 bins.
    public let calibrationError: Estimate
    /// Multi-class Brier score.
    public let brier: Estimate
    /// Mean negative log likelihood.
    public let logLoss: Estimate
    /// Rows are the truth, columns the prediction, in the order of the labels.
    public let confusion: ConfusionMatrix
    /// Parts of the images.
    public let subgroups: [Subgroup]

    /// Computes all figures.
    ///
    /// - Parameters:
    ///   - probabilities: calibrated probabilities, one row per image.
    ///   - images: the images, in the same order.
    ///   - labels: the classes; `mel` must be one.
    ///   - threshold: the threshold for melanoma.
    init(
        probabilities: [[Double]], images: [LesionImage], labels: LabelSet, threshold: Double
    ) throws {
        let truth = images.map(\.label)
        let melanoma = try labels.requiredIndex(of: "mel")
        let confusion = try ConfusionMatrix(probabilities: probabilities, labels: truth)
        let scores = probabilities.map { $0[melanoma] }
        let isMelanoma = truth.map { $0 == melanoma }
        var counts: [String: Int] = [:]
        var areas: [String: Estimate] = [:]
        var recalls: [String: Estimate] = [:]
        for (index, label) in labels.labels.enumerated() {
            counts[label.id] = truth.count { $0 == index }
            areas[label.id] = try ROC.auroc(
                scores: probabilities.map { $0[index] }, positives: truth.map { $0 == index })
            recalls[label.id] = try confusion.recall(index)
        }
        self.counts = counts
        accuracy = try confusion.accuracy()
        balancedAccuracy = try confusion.balancedAccuracy()
        macroAUROC = try ROC.macroAUROC(probabilities: probabilities, labels: truth)
        classAUROC = areas
        classRecall = recalls
        self.melanoma = Melanoma(
            auroc: try ROC.auroc(scores: scores, positives: isMelanoma),
            averagePrecision: try PrecisionRecall.averagePrecision(scores: scores, positives: isMelanoma),
            operatingPoint: try OperatingPoint(threshold: threshold, scores: scores, positives: isMelanoma))
        calibrationError = try Calibration.expectedError(probabilities: probabilities, labels: truth)
        brier = try Calibration.brier(probabilities: probabilities, labels: truth)
        logLoss = try Calibration.logLoss(probabilities: probabilities, labels: truth)
        self.confusion = confusion
        subgroups = try Self.subgroups(of: images).map { attribute, value, rows in
            let part = rows.map { probabilities[$0] }
            let positives = rows.map { isMelanoma[$0] }
            let found = positives.count { $0 }
            let isEnough = found >= 10 && positives.count - found >= 10
            return Subgroup(
                attribute: attribute, value: value, count: rows.count, melanomas: found,
                accuracy: try ConfusionMatrix(probabilities: part, labels: rows.map { truth[$0] }).accuracy(),
                melanomaAUROC: isEnough
                    ? try ROC.auroc(scores: part.map { $0[melanoma] }, positives: positives) : nil)
        }
    }

    private static func subgroups(of images: [LesionImage]) -> [(String, String, [Int])] {
        let attributes: [(String, (LesionImage) -> String?)] = [
            ("sex", { $0.sex }), ("age", { $0.age.map(ageBand) }), ("source", { $0.source }),
        ]
        return attributes.flatMap { name, value in
            Dictionary(grouping: images.indices, by: { value(images[$0]) ?? "unknown" })
                .sorted { $0.key < $1.key }.map { (name, $0.key, $0.value) }
        }
    }

    private static func ageBand(_ age: Double) -> String {
        switch age {
        case ..<40: "under 40"
        case ..<60: "40 to 59"
        default: "60 and over"
        }
    }
}

extension LabelSet {
    /// The position of a label that must be there.
    func requiredIndex(of id: String) throws(CutisError) -> Int {
        guard let index = index(of: id) else {
            throw CutisError(
                .labelsMismatch, "The label set has no class '\(id)'.", remedy: "Use a label set that has it.")
        }
        return index
    }
}
