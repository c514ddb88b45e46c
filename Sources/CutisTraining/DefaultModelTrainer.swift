import CutisCore
import CutisDatasets
import CutisImaging
import CutisModels
import CutisStatistics
import CutisTensor
public import Foundation

/// Trains the dermoscopic classifier that Cutis ships, from a folder of HAM10000 to weights, figures and model card.
public enum DefaultModelTrainer {
    /// The files that `run` leaves in its output folder.
    public struct Outcome: Sendable {
        /// The averaged weights of the best epoch, fp16, canonical names.
        public let weights: URL
        /// All figures with intervals.
        public let metrics: URL
        /// Configuration, split and history.
        public let training: URL
        /// The model card.
        public let card: URL
    }

    /// Trains, calibrates and evaluates.
    ///
    /// The output folder gets `weights.safetensors`, `metrics.json`, `training.json`, `MODEL_CARD.md`,
    /// `predictions.csv` (one line per validation and test image) and, while it runs, `checkpoint.safetensors` and
    /// `best.safetensors`. A run that was interrupted goes on from its checkpoint. The same configuration on the same
    /// machine gives the same weights, bit for bit, whatever the number of loader threads.
    ///
    /// - Parameters:
    ///   - configuration: what to do; the defaults make the shipped model.
    ///   - dataFolder: `labels.csv` and `images/`, see `LesionDataset.init(ham10000:labels:)`.
    ///   - output: a folder, made where it is missing.
    ///   - deadline: no epoch is begun that would likely end after it; the learning rate is then as far as it is.
    ///   - progress: called about every ten seconds and after every epoch.
    /// - Throws: `.dataInvalid` and others for data that cannot be trained on; `.computeFailed` when the loss is not
    ///   finite any more (the last checkpoint stays); `.cancelled` after SIGINT or SIGTERM, with a checkpoint written.
    @discardableResult
    public static func run(
        configuration: DefaultModelConfiguration = DefaultModelConfiguration(), dataFolder: URL, output: URL,
        deadline: Date? = nil, progress: (TrainingProgress) -> Void = { _ in }
    ) throws -> Outcome {
        try configuration.validate()
        let dataset = try LesionDataset(ham10000: dataFolder)
        let split = try DataSplit(
            dataset, validationShare: configuration.validationShare, testShare: configuration.testShare,
            seed: configuration.seed)
        try checkCounts(dataset, split)
        do {
            try FileManager.default.createDirectory(at: output, withIntermediateDirectories: true)
        } catch {
            throw CutisError(
                .outputUnwritable, "Cannot make the folder \(output.path).",
                remedy: "Check that the parent folder exists and that you may write to it.")
        }
        let cache = ImageCache(dataset.images.map { .file($0.url) })
        let loop = try TrainingLoop(
            configuration: configuration, dataset: dataset, split: split, cache: cache, folder: output)
        let history = try loop.run(deadline: deadline, progress)
        let evaluator = Evaluator(
            cache: cache, recipe: configuration.recipe(side: configuration.evaluationSides[0]),
            threads: configuration.replicas)
        return try DefaultModelReport(
            configuration: configuration, dataset: dataset, split: split, history: history
        ).write(best: try loop.loadBest(), evaluator: evaluator, to: output)
    }

    /// Every figure needs two images of each class in validation and test; better said before the training than after.
    private static func checkCounts(_ dataset: LesionDataset, _ split: DataSplit) throws(CutisError) {
        for (name, rows) in [("validation", split.validation), ("test", split.test)] {
            for (label, entry) in dataset.labels.labels.enumerated() {
                let count = rows.count { dataset.images[$0].label == label }
                guard count < 2 else { continue }
                throw CutisError(
                    .dataInvalid, "The \(name) part has \(count) images of the class '\(entry.id)', it needs two.",
                    remedy: "Give more images of that class or a larger share to that part.")
            }
        }
    }
}
