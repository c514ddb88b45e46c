import CutisCore
public import CutisDatasets
import CutisInference
import CutisTensor
public import Foundation

/// A linear probe on cached embeddings with its figures: what `cutis probe` does.
public struct ProbeRun {
    /// The fitted head.
    public let head: ProbeHead
    /// What was tried, and how good the chosen head is.
    public let metrics: ProbeMetrics
    /// Sentences that people should read.
    public let warnings: [String]

    private init(head: ProbeHead, metrics: ProbeMetrics, warnings: [String]) {
        self.head = head
        self.metrics = metrics
        self.warnings = warnings
    }

    /// Joins embeddings and labels, fits the probe on the training part and judges it on the others.
    ///
    /// - Parameters:
    ///   - table: one embedding for each image, with the images' names.
    ///   - dataset: one class for each image, and its part.
    ///   - allowsLeak: goes on where a lesion or a patient is in two parts.
    /// - Throws: `.dataInvalid` where labels and embeddings do not fit or a class is missing; `.configInvalid`.
    public static func run(
        _ table: EmbeddingTable, _ dataset: Dataset, configuration: ProbeConfiguration, allowsLeak: Bool = false
    ) throws -> ProbeRun {
        try LoadedModel.translatingErrors {
            let joined = try JoinedEmbeddings(table, dataset, allowsLeak: allowsLeak)
            let probe = try LinearProbe(
                training: examples(joined[.train], table), validation: examples(joined[.validation], table),
                labels: dataset.labels, configuration: configuration)
            func report(_ split: SplitName) throws -> EvaluationReport {
                let part = joined[split]
                let examples = try examples(part, table)
                return try EvaluationReport(
                    probabilities: probabilities(probe.head, examples), truth: examples.labels,
                    facts: part.map(\.sample.facts), labels: dataset.labels, watched: nil)
            }
            let metrics = ProbeMetrics(
                chosen: probe.chosen, candidates: probe.candidates, validation: try report(.validation),
                test: try joined[.test].isEmpty ? nil : report(.test))
            return ProbeRun(head: probe.head, metrics: metrics, warnings: joined.warnings)
        }
    }

    /// Writes `head.safetensors` and `metrics.json` into a new folder, whole or not at all.
    ///
    /// - Parameter layer: of the network that made the embeddings; names the tensors.
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    public func write(to folder: URL, layer: ProbeHead.Layer) throws {
        try AtomicOutput.folder(folder) { folder in
            try head.write(to: folder.appendingPathComponent("head.safetensors"), layer: layer)
            try AtomicOutput.file(
                folder.appendingPathComponent("metrics.json"), Data((JSONText.of(metrics, pretty: true) + "\n").utf8))
        }
    }

    private static func examples(
        _ entries: [JoinedEmbeddings.Entry], _ table: EmbeddingTable
    ) throws -> LinearProbe.Examples {
        if let entry = entries.first(where: { $0.sample.labels.count != 1 || $0.rows.count != 1 }) {
            throw CutisError(
                .dataInvalid,
                "'\(entry.sample.id.prefix(200))' has several classes or images; a probe takes one of each.",
                remedy: "Train a head for cases with `cutis mil`.")
        }
        let features = try table.features.indexSelect(dim: 0, Tensor(entries.flatMap(\.rows)))
        return LinearProbe.Examples(features: features, labels: entries.flatMap(\.sample.labels))
    }

    /// One row for each example; float32's soft-max adds up to 1 only nearly.
    private static func probabilities(_ head: ProbeHead, _ examples: LinearProbe.Examples) throws -> [[Double]] {
        let flat = try head.probabilities(examples.features).doubles()
        let classes = head.labels.count
        return examples.labels.indices.map { row in
            let own = flat[(row * classes)..<((row + 1) * classes)]
            let sum = own.reduce(0, +)
            return own.map { $0 / sum }
        }
    }
}

/// The figures of a linear probe, as `metrics.json` has them.
public struct ProbeMetrics: Codable, Sendable {
    /// The value of C that was chosen.
    public let chosen: LinearProbe.Candidate
    /// Everything that was tried, C rising.
    public let candidates: [LinearProbe.Candidate]
    /// The images that chose C: these figures are optimistic.
    public let validation: EvaluationReport
    /// The images that chose nothing; nil where the data has no such part.
    public let test: EvaluationReport?
}
