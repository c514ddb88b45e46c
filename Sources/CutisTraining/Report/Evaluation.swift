import CutisCore
package import CutisDatasets
import CutisTensor
package import Foundation

/// What `cutis evaluate` finds: how good a bundle is on a labelled data set.
package struct Evaluation: Encodable {
    /// The bundle's identifier and version.
    package let model: String
    /// The part of the data; nil for all of it.
    package let split: SplitName?
    /// The watched class; nil for none.
    package let watched: String?
    /// The day, in UTC.
    package let date: String
    /// The compute library and its version.
    package let engine: String
    /// The figures.
    package let figures: EvaluationReport

    private let predictions: [PredictionTable.Row]
    private let labels: LabelSet

    enum CodingKeys: String, CodingKey {
        case model, split, watched, date, engine, figures
    }

    /// Judges predictions.
    ///
    /// - Parameters:
    ///   - predictions: one row per image, in any order.
    ///   - dataset: the images' classes, and what is known about each.
    ///   - watched: a class with its threshold; nil for none.
    /// - Throws: as `EvaluationReport`; `.dataInvalid` where there is no prediction.
    package init(
        _ predictions: [PredictionTable.Row], of dataset: Dataset, split: SplitName?, model: String,
        watched: (label: Int, threshold: Double)?
    ) throws {
        guard !predictions.isEmpty else {
            throw CutisError(.dataInvalid, "There is no prediction to judge.", remedy: "Give images that can be read.")
        }
        figures = try EvaluationReport(predictions, of: dataset, watched: watched)
        self.predictions = predictions
        self.split = split
        self.model = model
        self.watched = watched.map { dataset.labels.labels[$0.label].id }
        labels = dataset.labels
        date = Date().formatted(.iso8601.year().month().day())
        engine = "LibTorch \(Runtime.version)"
    }

    /// Writes `metrics.json` and `predictions.csv` into a new folder, whole or not at all.
    ///
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    package func write(to folder: URL) throws {
        try AtomicOutput.folder(folder) { folder in
            try PredictionTable.write(
                predictions, labels: labels, to: folder.appendingPathComponent("predictions.csv"))
            try AtomicOutput.file(
                folder.appendingPathComponent("metrics.json"), Data((JSONText.of(self, pretty: true) + "\n").utf8))
        }
    }
}
