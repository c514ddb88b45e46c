public import CutisCore
public import Foundation

/// A Keras 3 model: the `.keras` zip, or the same three files in a folder.
public struct KerasModelFile: Sendable {
    /// Where the model came from.
    public let path: String
    /// `config.json`: the architecture. Checked to be JSON; what it says is hostile input.
    public let config: Data
    /// `metadata.json`: the version of Keras and the date. Empty where the file has none.
    public let metadata: Data
    /// The weights under their HDF5 paths, such as `layers/dense_1/vars/0`.
    public let weights: HDF5Archive
    /// The layers' own names by the path of their group, such as `layers/dense_1/vars`.
    public var groupNames: [String: String] { weights.groupNames }

    /// No architecture is described in more bytes than this.
    private static let maximumConfigBytes = 64 << 20

    /// Opens a `.keras` file or a folder with `config.json` and `model.weights.h5`.
    ///
    /// - Throws: `.checkpointCorrupt` where a part is missing or damaged, `.checkpointUnsafe` for decompression bombs,
    ///   `.checkpointUnsupported` for the older layout of TensorFlow 2; what the HDF5 reader throws.
    public init(_ url: URL) throws(CutisError) {
        var isFolder: ObjCBool = false
        if FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder), isFolder.boolValue {
            try self.init(folder: url)
        } else {
            try self.init(MappedFile(url).region, path: url.path)
        }
    }

    /// Opens the bytes of a `.keras` file.
    package init(_ file: ByteRegion, path: String) throws(CutisError) {
        let (config, metadata, weights) = try reading(path, as: .keras) { () throws(FormatFault) in
            let archive = try ZipArchive(file)
            func entry(_ name: String) throws(FormatFault) -> ZipEntry {
                guard let entry = archive.entries[name] else { throw FormatFault("it has no \(name)") }
                return entry
            }
            let config = try archive.read(try entry("config.json"), limit: Self.maximumConfigBytes)
            let metadata = try archive.entries["metadata.json"].map { (entry) throws(FormatFault) in
                try archive.read(entry, limit: Self.maximumConfigBytes)
            }
            return (config, metadata, try archive.read(try entry("model.weights.h5")))
        }
        try self.init(path: path, config: config, metadata: metadata, weights: weights)
    }

    private init(folder: URL) throws(CutisError) {
        let config = try MappedFile(folder.appendingPathComponent("config.json")).region
        let metadataURL = folder.appendingPathComponent("metadata.json")
        let hasMetadata = FileManager.default.fileExists(atPath: metadataURL.path)
        let metadata = hasMetadata ? try MappedFile(metadataURL).region : nil
        let weights = try MappedFile(folder.appendingPathComponent("model.weights.h5")).region
        try self.init(path: folder.path, config: config, metadata: metadata, weights: weights)
    }

    private init(
        path: String, config: ByteRegion, metadata: ByteRegion?, weights: ByteRegion
    ) throws(CutisError) {
        try reading(path, as: .keras) { () throws(FormatFault) in
            guard config.count <= Self.maximumConfigBytes else { throw FormatFault("its config.json is too long") }
            try JSONScanner.scan(config) { (scanner) throws(FormatFault) in try scanner.skipValue() }
        }
        self.path = path
        self.config = config.withUnsafeBytes { Data($0) }
        self.metadata = metadata.map { $0.withUnsafeBytes { Data($0) } } ?? Data()
        self.weights = try HDF5Archive(weights, path: path, format: .keras)
    }
}
