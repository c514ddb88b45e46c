import CutisCore
import CutisDatasets
import CutisInference
import CutisStatistics
import CutisTensor
public import Foundation

/// Trains one recipe once per fold: what `cutis train CONFIG.yaml --cross-validate K` does.
public enum CrossValidator {
    /// What it leaves behind.
    public struct Outcome: Sendable {
        /// `cross-validation.json`.
        public let report: URL
        /// Sentences that people should read, without repetitions.
        public let warnings: [String]
    }

    /// Trains the folds that are not finished, then judges every image by the model that was not trained on it.
    ///
    /// The runs are in `runs/NAME-folds/fold-0` and so on. Called again it goes on where it stopped, within a fold too.
    ///
    /// - Parameters:
    ///   - configuration: `data.split` is replaced by folds; `data.grouping` keeps lesions or patients together.
    ///   - count: how many folds, 2…100.
    ///   - progress: called as by `Trainer.run`, with the number of the fold counted from 0.
    /// - Throws: what `Trainer.run` throws; `.invalidArguments` for a number of folds that is out of range or for
    ///   several processes.
    public static func run(
        _ configuration: TrainingConfiguration, folds count: Int, options: Trainer.Options,
        progress: @escaping (Int, TrainingProgress) -> Void = { _, _ in }
    ) throws -> Outcome {
        guard (2...100).contains(count) else {
            throw CutisError(
                .invalidArguments, "\(count) folds cannot be made.", remedy: "Give 2 to 100 to --cross-validate.")
        }
        guard options.distributed == nil else {
            throw CutisError(
                .invalidArguments, "A cross-validation runs in one process.",
                remedy: "Start it without a launcher, or train single folds by data.split={folds: \(count), fold: 0}.")
        }
        let dataset = try TrainingData(configuration.fold(0, of: count)).dataset
        var rows: [PredictionTable.Row] = []
        var figures: [FoldFigures] = []
        var warnings: [String] = []
        for fold in 0..<count {
            let own = configuration.fold(fold, of: count)
            let metrics = own.runFolder.appendingPathComponent("metrics.json")
            // A bundle is what a run ends with.
            if !FileManager.default.fileExists(atPath: own.runFolder.appendingPathComponent("bundle").path) {
                var options = options
                options.resumes = true
                let outcome = try Trainer.run(own, options: options) { progress(fold, $0) }
                warnings += outcome.warnings.filter { !warnings.contains($0) }
            } else {
                _ = try RunFolder(own, resuming: true)
            }
            figures.append(
                FoldFigures(try JSONDecoder().decode(TrainingMetrics.self, from: Data(contentsOf: metrics))))
            let table = own.runFolder.appendingPathComponent("predictions.csv")
            rows += try PredictionTable.read(table, labels: dataset.labels)
                .filter { $0.split == SplitName.validation.rawValue }
        }
        let report = CrossValidationReport(
            recipe: try configuration.recipeFingerprint, date: Date().formatted(.iso8601.year().month().day()),
            engine: "LibTorch \(Runtime.version)", watched: configuration.watchedLabel(of: dataset.labels),
            folds: figures,
            pooled: try pooled(rows, dataset, configuration))
        let output = configuration.foldsFolder.appendingPathComponent("cross-validation.json")
        try AtomicOutput.file(output, Data((JSONText.of(report, pretty: true) + "\n").utf8))
        return Outcome(report: output, warnings: warnings)
    }

    /// The figures of all images together, with what the data says of each.
    private static func pooled(
        _ rows: [PredictionTable.Row], _ dataset: Dataset, _ configuration: TrainingConfiguration
    ) throws -> EvaluationReport {
        let (scores, truth) = (rows.map(\.probabilities), rows.map(\.label))
        let label = configuration.watchedLabel(of: dataset.labels).flatMap(dataset.labels.index(of:))
        let watched = try label.map { label in
            let rule = ThresholdRule.sensitivity(atLeast: configuration.validation.minimumSensitivity)
            return (
                label,
                try rule.threshold(scores: scores.map { $0[label] }, positives: truth.map { $0 == label })
            )
        }
        return try EvaluationReport(rows, of: dataset, watched: watched)
    }
}

extension TrainingConfiguration {
    /// The folder of a cross-validation's runs and report.
    var foldsFolder: URL { URL(fileURLWithPath: output).appendingPathComponent("\(name)-folds") }

    /// The run in which a fold validates and all other images train.
    func fold(_ index: Int, of count: Int) -> TrainingConfiguration {
        var copy = self
        copy.name = "fold-\(index)"
        copy.output = foldsFolder.path
        copy.data.split = .folds(count: count, index: index, test: 0)
        return copy
    }
}
