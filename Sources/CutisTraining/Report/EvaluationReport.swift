import CutisCore
package import CutisDatasets
public import CutisStatistics
import Foundation

/// The figures of a classifier on one set of images, each with its 95 % interval.
public struct EvaluationReport: Codable, Sendable {
    /// The figures of the watched class against everything else.
    public struct Watched: Codable, Sendable {
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
        /// How many of them have the watched class.
        public let positives: Int
        /// Share of right predictions.
        public let accuracy: Estimate
        /// The watched class's AUROC, or nil with fewer than ten images of it or ten others.
        public let auroc: Estimate?
    }

    /// Images per class.
    public let counts: [String: Int]
    /// Share of right predictions.
    public let accuracy: Estimate
    /// Mean recall of the classes.
    public let balancedAccuracy: Estimate
    /// Mean one-against-the-rest area; nil where a class has fewer than two images.
    public let macroAUROC: Estimate?
    /// The one-against-the-rest area of each class that has images.
    public let classAUROC: [String: Estimate]
    /// The recall of each class.
    public let classRecall: [String: Estimate]
    /// The watched class against the rest; nil where there are fewer than two images of it or
    /// of others.
    public let watched: Watched?
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
    ///   - truth: the class of each image, in the same order.
    ///   - facts: what is known about each image.
    ///   - labels: the classes.
    ///   - watched: the watched class with its threshold; nil for none.
    init(
        probabilities: [[Double]], truth: [Int], facts: [SampleFacts], labels: LabelSet,
        watched: (label: Int, threshold: Double)?
    ) throws {
        let confusion = try ConfusionMatrix(probabilities: probabilities, labels: truth)
        var counts: [String: Int] = [:]
        var areas: [String: Estimate] = [:]
        var recalls: [String: Estimate] = [:]
        for (index, label) in labels.labels.enumerated() {
            let positives = truth.map { $0 == index }
            counts[label.id] = positives.count { $0 }
            guard positives.hasTwoOfEach else { continue }
            areas[label.id] = try ROC.auroc(scores: probabilities.map { $0[index] }, positives: positives)
            recalls[label.id] = try confusion.recall(index)
        }
        self.counts = counts
        accuracy = try confusion.accuracy()
        balancedAccuracy = try confusion.balancedAccuracy()
        macroAUROC = areas.count == labels.count ? try ROC.macroAUROC(probabilities: probabilities, labels: truth) : nil
        classAUROC = areas
        classRecall = recalls
        calibrationError = try Calibration.expectedError(probabilities: probabilities, labels: truth)
        brier = try Calibration.brier(probabilities: probabilities, labels: truth)
        logLoss = try Calibration.logLoss(probabilities: probabilities, labels: truth)
        self.confusion = confusion
        self.watched = try watched.flatMap { label, threshold in
            let (scores, positives) = (probabilities.map { $0[label] }, truth.map { $0 == label })
            guard positives.hasTwoOfEach else { return nil }
            return Watched(
                auroc: try ROC.auroc(scores: scores, positives: positives),
                averagePrecision: try PrecisionRecall.averagePrecision(scores: scores, positives: positives),
                operatingPoint: try OperatingPoint(threshold: threshold, scores: scores, positives: positives))
        }
        subgroups = try Self.subgroups(of: facts).map { attribute, value, rows in
            let part = rows.map { probabilities[$0] }
            let positives = rows.map { truth[$0] == watched?.label }
            let found = positives.count { $0 }
            let isEnough = found >= 10 && positives.count - found >= 10
            return Subgroup(
                attribute: attribute, value: value, count: rows.count, positives: found,
                accuracy: try ConfusionMatrix(probabilities: part, labels: rows.map { truth[$0] }).accuracy(),
                auroc: try watched.flatMap { watched in
                    isEnough ? try ROC.auroc(scores: part.map { $0[watched.label] }, positives: positives) : nil
                })
        }
    }

    /// The figures of predictions for the samples of a data set.
    ///
    /// - Parameter watched: the watched class with its threshold; nil for none.
    /// - Throws: `.dataInvalid` for a prediction whose image the data set does not have, or has in another class.
    package init(
        _ rows: [PredictionTable.Row], of dataset: Dataset, watched: (label: Int, threshold: Double)?
    ) throws {
        let samples = Dictionary(dataset.samples.map { ($0.id, $0) }, uniquingKeysWith: { first, _ in first })
        let facts = try rows.map { row in
            guard let sample = samples[row.name], sample.labels == [row.label] else {
                let what = samples[row.name] == nil ? "is not in" : "has another class in"
                throw CutisError(
                    .dataInvalid,
                    "The image '\(row.name.prefix(200))' of the predictions \(what) \(dataset.source.path).",
                    remedy: "Give the data set that the predictions were made of.")
            }
            return sample.facts
        }
        try self.init(
            probabilities: rows.map(\.probabilities), truth: rows.map(\.label), facts: facts, labels: dataset.labels,
            watched: watched)
    }

    /// The parts of the images by what is known; an attribute that nobody gave is left out.
    private static func subgroups(of facts: [SampleFacts]) -> [(String, String, [Int])] {
        let attributes: [(String, (SampleFacts) -> String?)] = [
            ("sex", { $0.sex }), ("age", { $0.age.map(ageBand) }), ("skin type", { $0.fitzpatrick.map(String.init) }),
            ("source", { $0.other["source"] ?? $0.other["dataset"] }),
        ]
        return attributes.flatMap { name, value in
            facts.contains { value($0) != nil }
                ? Dictionary(grouping: facts.indices, by: { value(facts[$0]) ?? "unknown" })
                    .sorted { $0.key < $1.key }.map { (name, $0.key, $0.value) } : []
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
