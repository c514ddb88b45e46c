public import CutisCore
public import Foundation

/// What a data set holds, by content: two data sets with the same manifest hash are the same for training.
public struct DatasetManifest: Sendable, Hashable {
    /// One image of a sample.
    public struct Image: Sendable, Hashable, Codable {
        /// Relative to the data set's folder; `NAME.npz#array/index` within an archive.
        public var path: String
        /// SHA-256 of the file, or of the samples of an image within an archive.
        public var sha256: String
        /// Bytes.
        public var size: Int
    }

    /// One sample.
    public struct Entry: Sendable, Hashable {
        /// The sample's name.
        public var id: String
        /// Its images in their order.
        public var images: [Image]
        /// The names of its labels, sorted.
        public var labels: [String]
        /// The part that it is in.
        public var split: SplitName?
        /// The patient, by which parts are kept apart.
        public var patientID: String?
        /// The lesion, by which parts are kept apart.
        public var lesionID: String?
    }

    /// The version of the format, 1.
    public static let format = 1

    /// The classes in their order.
    public var labels: [String]
    /// The samples, sorted by the bytes of their names.
    public var entries: [Entry]
    /// The hash of the manifest that this one was made from.
    public var parent: String?
    /// What DVC calls the folder's content (`….dir`), where it was computed.
    public var dvc: String?

    /// Joins the parts; entries are sorted.
    public init(labels: [String], entries: [Entry], parent: String? = nil, dvc: String? = nil) {
        self.labels = labels
        self.entries = entries.sorted { $0.id.utf8.lexicographicallyPrecedes($1.id.utf8) }
        self.parent = parent
        self.dvc = dvc
    }

    /// Hashes every image of a data set.
    ///
    /// - Parameters:
    ///   - root: the folder that paths are relative to.
    ///   - progress: called with the number of samples that were just hashed, from any thread.
    /// - Throws: `.fileNotFound` or `.fileUnreadable` for an image that cannot be read.
    public init(
        _ dataset: Dataset, relativeTo root: URL, parent: String? = nil, dvc: String? = nil, workers: Int? = nil,
        progress: @Sendable (Int) -> Void = { _ in }
    ) throws(CutisError) {
        let path = root.standardizedFileURL.path
        let prefix = path.hasSuffix("/") ? path : path + "/"
        let source = ImageSource()
        let names = dataset.labels.labels.map(\.id)
        let threads = workers ?? ProcessInfo.processInfo.activeProcessorCount
        let entries = try parallelMap(dataset.samples.count, workers: threads) { (index) throws(CutisError) in
            let sample = dataset.samples[index]
            let images = try sample.images.map { (location) throws(CutisError) in
                try Self.image(location, prefix, source)
            }
            progress(1)
            return Entry(
                id: sample.id, images: images, labels: Set(sample.labels.map { names[$0] }).sorted(),
                split: sample.split, patientID: sample.facts.patientID, lesionID: sample.facts.lesionID)
        }
        self.init(labels: names, entries: entries, parent: parent, dvc: dvc)
    }

    /// SHA-256 over the labels and all entries; parent and DVC's name do not count.
    public var hash: String {
        ContentHash.sha256(contentJSON(entries.map { Self.json($0) }).text(pretty: false))
    }

    /// How many samples each split has; samples without one are under nil.
    public var splitCounts: [SplitName?: Int] {
        Dictionary(grouping: entries, by: \.split).mapValues(\.count)
    }

    private static func image(
        _ location: ImageLocation, _ prefix: String, _ source: ImageSource
    ) throws(CutisError) -> Image {
        switch location {
        case .file(let url):
            let (hash, size) = try ContentHash.sha256(url)
            let path = url.path.hasPrefix(prefix) ? String(url.path.dropFirst(prefix.count)) : url.path
            return Image(path: path, sha256: hash, size: size)
        case .array(let archive, let name, let index):
            let (hash, size) = ContentHash.sha256(try source.pixels(location))
            return Image(path: "\(archive.lastPathComponent)#\(name)/\(index)", sha256: hash, size: size)
        }
    }
}
