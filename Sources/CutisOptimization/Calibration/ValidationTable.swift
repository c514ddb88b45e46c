import CutisCore
import CutisImaging
import CutisInference
import Foundation

/// Labelled images that decide whether a conversion is good enough.
struct ValidationTable {
    /// The images in the order of the table.
    let images: ImageSet
    /// The class of each image; nil for the negatives of a bundle that has no class for them.
    let labels: [Int?]
    /// The label id that counts as positive.
    let positive: String
    /// Its place among the model's outputs.
    let positiveIndex: Int
    /// The probability from which an image is called positive.
    let threshold: Double

    /// Reads a table with the columns `image` (a path relative to the table) and `label` (a label id).
    ///
    /// Where classes exclude each other every label must be one of the bundle's; otherwise any other word means that
    /// the image shows none of them.
    ///
    /// - Parameter positive: nil takes the one label that has a threshold.
    /// - Throws: what `CSVTable` throws; `.invalidArguments` where the positive class is not clear; `.dataInvalid` for
    ///   unknown labels, and where positives or negatives are missing; what an image throws that cannot be read.
    init(_ url: URL, positive: String?, manifest: BundleManifest) throws {
        guard manifest.task != .embedding else {
            throw CutisError(
                .invalidArguments, "The bundle \(manifest.id) gives features, which labels say nothing about.",
                remedy: "Leave --validation away: the cosine of the features is the measure.")
        }
        self.positive = try Self.positive(positive, manifest)
        guard let index = manifest.labels.index(of: self.positive) else {
            throw CutisError(
                .invalidArguments, "The bundle \(manifest.id) has no label \"\(self.positive)\".",
                remedy: "Use one of \(Self.ids(manifest)) with --positive.")
        }
        positiveIndex = index
        threshold = manifest.thresholds[self.positive] ?? 0.5
        let table = try CSVTable(url)
        let (imageColumn, labelColumn) = (try table.column("image"), try table.column("label"))
        guard !table.rows.isEmpty else { throw Self.invalid(url, "it has no rows") }
        let folder = url.deletingLastPathComponent()
        labels = try table.rows.enumerated().map { row, fields in
            let name = fields[labelColumn]
            let label = manifest.labels.index(of: name)
            if label == nil, manifest.activation == .softmax {
                throw Self.invalid(
                    url, "row \(row + 1) has the label \"\(name.prefix(60))\", which is none of \(Self.ids(manifest))")
            }
            return label
        }
        let positives = labels.count { $0 == index }
        guard positives > 0, positives < labels.count else {
            throw Self.invalid(
                url, "\(positives) of its \(labels.count) images are \(self.positive): sensitivity and AUC need both")
        }
        let urls = table.rows.map { URL(fileURLWithPath: $0[imageColumn], relativeTo: folder).standardizedFileURL }
        let (_, refused) = try ImageSet.readable(urls, wanted: urls.count, recipe: manifest.preprocessing)
        if let (_, error) = refused.first {
            throw CutisError(
                error.code,
                "\(refused.count) of the \(urls.count) images of \(url.path) cannot be read: \(error.message)",
                remedy: "Complete the images or remove the rows.")
        }
        images = ImageSet(urls, recipe: manifest.preprocessing)
    }

    private static func positive(_ wish: String?, _ manifest: BundleManifest) throws(CutisError) -> String {
        if let wish { return wish }
        let candidates = manifest.thresholds.keys.sorted()
        if candidates.count == 1 { return candidates[0] }
        if candidates.isEmpty, manifest.labels.count == 1 { return manifest.labels.labels[0].id }
        throw CutisError(
            .invalidArguments,
            "\(candidates.count) labels of the bundle \(manifest.id) have a threshold, so it is not clear which one's "
                + "sensitivity is to be kept.",
            remedy: "Name it with --positive: \(ids(manifest)).")
    }

    private static func ids(_ manifest: BundleManifest) -> String {
        let ids = manifest.labels.labels.map(\.id)
        return ids.prefix(20).joined(separator: ", ") + (ids.count > 20 ? ", …" : "")
    }

    private static func invalid(_ url: URL, _ what: String) -> CutisError {
        CutisError(
            .dataInvalid, "The table \(url.path) cannot be used: \(what).",
            remedy: "Give the columns `image` and `label`, with labels of the bundle.")
    }
}
