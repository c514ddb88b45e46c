import CutisCore
public import CutisDatasets
import CutisInference
public import CutisStatistics
import CutisTensor
public import Foundation

/// A gated-attention head on cached embeddings with its figures: what `cutis mil` does.
public struct MILRun {
    /// The head of the best epoch.
    public let head: TrainedMILHead
    /// How good it is.
    public let metrics: MILMetrics
    /// Sentences that people should read.
    public let warnings: [String]

    private init(head: TrainedMILHead, metrics: MILMetrics, warnings: [String]) {
        self.head = head
        self.metrics = metrics
        self.warnings = warnings
    }

    /// Joins embeddings and cases, trains on the training part and judges on the others.
    ///
    /// - Parameters:
    ///   - table: one embedding for each image, with the images' names.
    ///   - dataset: cases of one to three images, any number of labels and a part each.
    ///   - labels: the labels to learn, in their order; empty for all. A case without any label is left out.
    ///   - allowsLeak: goes on where a patient is in two parts.
    ///   - report: is told each epoch.
    /// - Throws: `.dataInvalid` where cases and embeddings do not fit or a part has no positive or no negative case of a
    ///   label; `.invalidArguments` for a label that the data does not have; `.configInvalid`; `.computeFailed`.
    public static func run(
        _ table: EmbeddingTable, _ dataset: Dataset, labels names: [String] = [], configuration: MILConfiguration,
        allowsLeak: Bool = false, report: (MILTrainer.Epoch) throws -> Void = { _ in }
    ) throws -> MILRun {
        try LoadedModel.translatingErrors {
            let indices = try indices(of: names, in: dataset.labels)
            let labels = LabelSet(indices.map { dataset.labels.labels[$0] })
            let joined = try JoinedEmbeddings(table, dataset, allowsLeak: allowsLeak)
            func cases(_ split: SplitName) throws -> MILCases {
                try MILCases(
                    table, images: joined[split].map(\.rows),
                    targets: joined[split].map { entry in indices.map(entry.sample.labels.contains) },
                    maximumInstances: configuration.maximumInstances)
            }
            let validation = try cases(.validation)
            let head = try MILTrainer(
                training: cases(.train), validation: validation, labels: labels, configuration: configuration
            ).run(report: report)
            let metrics = MILMetrics(
                bestEpoch: head.best.number, epochs: head.history.count,
                cases: Dictionary(
                    uniqueKeysWithValues: SplitName.allCases.map { ($0.rawValue, joined[$0].count) }),
                validation: try figures(head, validation),
                test: try joined[.test].isEmpty ? nil : figures(head, cases(.test)))
            return MILRun(head: head, metrics: metrics, warnings: joined.warnings)
        }
    }

    /// Writes the head with its thresholds and history, and `metrics.json`, into a new folder, whole or not at all.
    ///
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    public func write(to folder: URL) throws {
        try AtomicOutput.folder(folder) { folder in
            try head.write(to: folder)
            try AtomicOutput.file(
                folder.appendingPathComponent("metrics.json"), Data((JSONText.of(metrics, pretty: true) + "\n").utf8))
        }
    }

    private static func indices(of names: [String], in labels: LabelSet) throws(CutisError) -> [Int] {
        guard !names.isEmpty else { return Array(labels.labels.indices) }
        return try names.map { (name) throws(CutisError) in
            guard let index = labels.index(of: name) else {
                throw CutisError(
                    .invalidArguments, "The cases have no label '\(name.prefix(200))'.",
                    remedy: "Give some of \(labels.labels.prefix(20).map(\.id).joined(separator: ", ")).")
            }
            return index
        }
    }

    private static func figures(_ head: TrainedMILHead, _ cases: MILCases) throws -> [MILMetrics.Label] {
        let flat = try head.probabilities(cases).doubles()
        let count = head.labels.count
        return try head.labels.labels.enumerated().map { index, label in
            let scores = (0..<cases.count).map { flat[$0 * count + index] }
            let positives = cases.targets.map { $0[index] }
            let isEnough = positives.hasTwoOfEach
            return MILMetrics.Label(
                id: label.id, cases: cases.count, positives: positives.count { $0 },
                auroc: try isEnough ? ROC.auroc(scores: scores, positives: positives) : nil,
                averagePrecision: try isEnough
                    ? PrecisionRecall.averagePrecision(scores: scores, positives: positives) : nil,
                operatingPoint: try isEnough
                    ? OperatingPoint(threshold: head.thresholds[index], scores: scores, positives: positives) : nil)
        }
    }
}

/// The figures of a head, as `metrics.json` has them.
public struct MILMetrics: Codable, Sendable {
    /// One label against its absence; figures are nil with fewer than two cases of either.
    public struct Label: Codable, Sendable {
        /// The label.
        public let id: String
        /// How many cases there are.
        public let cases: Int
        /// How many of them have the label.
        public let positives: Int
        /// Area under the ROC curve.
        public let auroc: Estimate?
        /// Area under the precision-recall curve.
        public let averagePrecision: Estimate?
        /// What the label's threshold does.
        public let operatingPoint: OperatingPoint?
    }

    /// The epoch whose weights were kept, counted from 1.
    public let bestEpoch: Int
    /// Epochs that were trained.
    public let epochs: Int
    /// Cases of each part.
    public let cases: [String: Int]
    /// The cases that chose epoch and thresholds: these figures are optimistic.
    public let validation: [Label]
    /// The cases that chose nothing; nil where the data has no such part.
    public let test: [Label]?

    enum CodingKeys: String, CodingKey {
        case bestEpoch = "best_epoch"
        case epochs, cases, validation, test
    }
}
