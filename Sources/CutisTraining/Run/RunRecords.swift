import CutisCore
import Foundation

/// What a run writes down after each epoch: `metrics.csv`, `metrics.jsonl`, the learning curves and, where asked for,
/// TensorBoard's events.
final class RunRecords {
    /// The columns of `metrics.csv` behind epoch and step.
    static let columns = [
        "train_loss", "val_loss", "val_accuracy", "val_balanced_accuracy", "val_macro_auroc", "val_auroc",
        "val_sensitivity", "val_specificity", "val_specificity_at_sensitivity", "learning_rate", "image_size",
        "seconds",
        "images_per_s", "failed_images",
    ]

    private let folder: RunFolder
    private let log: MetricsLog?
    private let board: TensorBoardWriter?

    /// Opens the files of a run to go on after so many epochs.
    ///
    /// - Parameter writes: false for the ranks that leave the writing to rank 0.
    init(_ folder: RunFolder, resumingAfter epochs: Int, step: Int, tensorBoard: Bool, writes: Bool) throws {
        self.folder = folder
        log = writes ? try MetricsLog(folder, columns: Self.columns, resumingAfter: epochs) : nil
        board =
            writes && tensorBoard
            ? try TensorBoardWriter(folder.tensorBoard, purgingFrom: epochs > 0 ? step + 1 : nil) : nil
    }

    /// Writes an epoch, counted from 1, down.
    func append(_ values: [String: Double], epoch: Int, step: Int) throws {
        guard let log else { return }
        try log.append(MetricRecord(epoch: epoch, step: step, values: values))
        try board?.write(values, step: step)
        try LearningCurves.write(log.records, panels: Self.panels, to: folder.plots)
    }

    /// Draws the curves once more, as PNG: what is done once a run and not after each epoch.
    func finish() throws {
        if let log { try LearningCurves.writePNG(log.records, panels: Self.panels, to: folder.plots) }
    }

    private static let panels: [LearningCurves.Panel] = [
        .init("loss", axis: "loss", columns: [.init("train_loss", "training"), .init("val_loss", "validation")]),
        .init(
            "figures", axis: "share",
            columns: [
                .init("val_balanced_accuracy", "balanced accuracy"), .init("val_macro_auroc", "mean AUROC"),
                .init("val_auroc", "AUROC of the watched class"), .init("val_sensitivity", "sensitivity"),
            ], range: 0...1),
        .init("learning_rate", axis: "learning rate", columns: [.init("learning_rate", "learning rate")]),
        .init("speed", axis: "images per second", columns: [.init("images_per_s", "images per second")]),
    ]
}
