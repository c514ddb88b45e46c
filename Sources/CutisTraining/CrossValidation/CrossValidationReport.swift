import CutisCore
import CutisStatistics
import Foundation

/// The figures of one fold: of images that its model was not trained on.
public struct FoldFigures: Codable, Sendable {
    /// How many images it has.
    public let images: Int
    /// The epoch whose weights were kept, counted from 1.
    public let bestEpoch: Int
    /// The side of the images that was best, in pixels.
    public let imageSize: Int
    /// Share of right predictions.
    public let accuracy: Double
    /// Mean recall of the classes.
    public let balancedAccuracy: Double
    /// Mean one-against-the-rest area; nil where a class has fewer than two images.
    public let macroAUROC: Double?
    /// The watched class's area.
    public let watchedAUROC: Double?
    /// The watched class's average precision.
    public let watchedPrecision: Double?

    enum CodingKeys: String, CodingKey {
        case images, accuracy
        case bestEpoch = "best_epoch", imageSize = "image_size", balancedAccuracy = "balanced_accuracy"
        case macroAUROC = "macro_auroc", watchedAUROC = "watched_auroc", watchedPrecision = "watched_average_precision"
    }

    /// What a fold's `metrics.json` says of its validation part.
    init(_ metrics: TrainingMetrics) {
        let report = metrics.validation
        images = report.counts.values.reduce(0, +)
        bestEpoch = metrics.bestEpoch
        imageSize = metrics.imageSize
        accuracy = report.accuracy.value
        balancedAccuracy = report.balancedAccuracy.value
        macroAUROC = report.macroAUROC?.value
        watchedAUROC = report.watched?.auroc.value
        watchedPrecision = report.watched?.averagePrecision.value
    }
}

/// What `cutis train --cross-validate K` leaves behind as `cross-validation.json`.
public struct CrossValidationReport: Codable, Sendable {
    /// Of the recipe without its data path, split and card, so that a card cannot show another recipe's figures.
    public let recipe: String
    /// The day, in UTC.
    public let date: String
    /// The compute library and its version.
    public let engine: String
    /// The watched class; nil where the data has none of that name.
    public let watched: String?
    /// One after the other.
    public let folds: [FoldFigures]
    /// All images together, each judged by the model that was not trained on it. The threshold of the operating point
    /// was chosen on these images.
    public let pooled: EvaluationReport

    /// The report that a configuration's card names; nil where it names none.
    ///
    /// - Throws: `.configInvalid` for a file that is no such report, or the report of another recipe.
    static func ofCard(_ configuration: TrainingConfiguration) throws -> CrossValidationReport? {
        guard let path = configuration.card.crossValidation else { return nil }
        guard let data = FileManager.default.contents(atPath: path) else {
            throw ConfigurationCoder.invalid("card.cross_validation", "names \(path), which cannot be read")
        }
        guard let report = try? JSONDecoder().decode(Self.self, from: data) else {
            throw ConfigurationCoder.invalid(
                "card.cross_validation", "names \(path), which is no report of `cutis train --cross-validate`")
        }
        guard try report.recipe == configuration.recipeFingerprint else {
            throw ConfigurationCoder.invalid(
                "card.cross_validation", "names \(path), which is the report of another recipe")
        }
        return report
    }
}

extension TrainingConfiguration {
    /// The fingerprint without where the images are and how they are parted.
    var recipeFingerprint: String {
        get throws(CutisError) {
            var copy = self
            copy.data.path = "-"
            copy.data.split = .given
            return try copy.fingerprint
        }
    }
}
