import CutisCore
import CutisStatistics

/// The figures of a trained model, as `metrics.json` has them.
public struct TrainingMetrics: Codable, Sendable {
    /// Thresholds on the calibrated probability of the watched class, all picked on validation.
    public struct Thresholds: Codable, Sendable {
        /// The best specificity with at least the demanded sensitivity: the one that the bundle has.
        public let sensitivity: Double
        /// The best sensitivity with at least the demanded specificity.
        public let specificity: Double
        /// The largest sensitivity + specificity − 1.
        public let youden: Double
        /// The smallest |sensitivity − specificity| on the grid 0.01, 0.02, … 1.00.
        public let balanced: Double
    }

    /// The epoch whose weights were kept, counted from 1.
    public let bestEpoch: Int
    /// Epochs that were trained.
    public let epochs: Int
    /// The side of the images that was best on validation, in pixels.
    public let imageSize: Int
    /// What the logits are divided by before the soft-max; fitted on validation.
    public let temperature: Double
    /// The watched class; nil where the data has none of that name.
    public let watched: String?
    /// Its thresholds.
    public let thresholds: Thresholds?
    /// Learnable numbers of the network.
    public let parameters: Int
    /// Images of each class in each part.
    public let images: [String: [String: Int]]
    /// The day, in UTC.
    public let date: String
    /// The compute library and its version.
    public let engine: String
    /// The images that chose epoch, temperature, image size and thresholds: these figures are optimistic.
    public let validation: EvaluationReport
    /// The images that chose nothing within the run; nil where the data has no such part.
    public let test: EvaluationReport?

    enum CodingKeys: String, CodingKey {
        case bestEpoch = "best_epoch", imageSize = "image_size"
        case epochs, temperature, watched, thresholds, parameters, images, date, engine, validation, test
    }
}
