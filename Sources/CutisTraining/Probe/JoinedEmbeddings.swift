import CutisCore
import CutisDatasets
import Foundation

/// The samples of a data set that have embeddings, part by part.
struct JoinedEmbeddings {
    /// A sample with the rows of its images in the table of embeddings.
    struct Entry {
        let sample: DatasetSample
        let rows: [Int]
    }

    /// What people should know of the join, a sentence each.
    let warnings: [String]
    private let parts: [SplitName: [Entry]]

    /// Joins by the names of the images.
    ///
    /// Samples without a label, a part or the embedding of an image are left out, and counted in `warnings`.
    ///
    /// - Parameter allowsLeak: goes on where a lesion or a patient is in two parts.
    /// - Throws: `.dataInvalid` where the embeddings have no names, two samples have the same embedding, a lesion or a
    ///   patient is in two parts, or nothing is left of training or validation.
    init(_ table: EmbeddingTable, _ dataset: Dataset, allowsLeak: Bool) throws(CutisError) {
        let path = dataset.source.path
        guard table.names != nil else {
            throw CutisError(
                .dataInvalid, "The embeddings have no names, so that no label can be joined to them.",
                remedy: "Make them with `cutis embed IMAGES --output FILE.safetensors`.")
        }
        let report = try DatasetCheck(allowsLeak: allowsLeak, readsImages: false, nearDistance: nil).run(dataset)
        let leaks: [DatasetFinding.Kind] = [.lesionLeak, .patientLeak]
        if let leak = report.errors.first(where: { leaks.contains($0.kind) }) {
            throw CutisError(
                .dataInvalid, "\(path) cannot be trained on. \(leak.message)",
                remedy: "`cutis data check` lists everything, `cutis data split` parts anew; --allow-leak accepts it.")
        }
        var parts: [SplitName: [Entry]] = [:]
        var owners: [Int: String] = [:]
        var (unlabelled, unassigned, missing) = (0, 0, [String]())
        for sample in dataset.samples {
            guard let split = sample.split else {
                unassigned += 1
                continue
            }
            guard !sample.labels.isEmpty else {
                unlabelled += 1
                continue
            }
            let rows = sample.images.compactMap { Self.row(of: $0, in: table, id: sample.id) }
            guard rows.count == sample.images.count else {
                missing.append(sample.id)
                continue
            }
            for row in rows {
                if let other = owners.updateValue(sample.id, forKey: row) {
                    throw CutisError(
                        .dataInvalid, "'\(other.prefix(200))' and '\(sample.id.prefix(200))' have the same embedding.",
                        remedy: "Name images in the table by the paths that the embeddings have.")
                }
            }
            parts[split, default: []].append(Entry(sample: sample, rows: rows))
        }
        for split in [SplitName.train, .validation] where parts[split] == nil {
            let reason =
                missing.first.map { "no sample with an embedding ('\($0.prefix(200))' has none)" }
                ?? "no sample with a label"
            throw CutisError(
                .dataInvalid, "\(path) has \(reason) in the part '\(split.rawValue)'.",
                remedy: "Part it by `cutis data split`, and make embeddings of the same images.")
        }
        self.parts = parts
        var warnings: [String] = []
        if unassigned > 0 { warnings.append("\(unassigned) samples are in no part and were left out.") }
        if unlabelled > 0 { warnings.append("\(unlabelled) samples have no label and were left out.") }
        if !missing.isEmpty {
            let names = missing.prefix(3).joined(separator: ", ")
            warnings.append("\(missing.count) samples have no embedding and were left out (\(names), …).")
        }
        self.warnings = warnings
    }

    /// The samples of a part; empty where the data has none.
    subscript(split: SplitName) -> [Entry] { parts[split] ?? [] }

    /// Embeddings are named by paths; tables name images by paths of their own, by file name or without its ending.
    private static func row(of image: ImageLocation, in table: EmbeddingTable, id: String) -> Int? {
        guard case .file(let url) = image else { return nil }
        let forms = [
            url.path, url.relativePath, id, url.lastPathComponent, url.deletingPathExtension().lastPathComponent,
        ]
        return forms.lazy.compactMap { table.row(of: $0) }.first
    }
}
