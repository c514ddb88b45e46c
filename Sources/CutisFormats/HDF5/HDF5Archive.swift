public import CutisCore
public import Foundation

/// The datasets of an HDF5 file such as Keras's `.weights.h5`, under their paths (`layers/dense_1/vars/0`).
///
/// The numbers are mapped. Shapes are as in the file: Keras keeps kernels as [in, out].
public struct HDF5Archive: TensorArchive {
    /// Where the archive came from, for messages.
    public let path: String
    /// What the content is.
    public let format: FileFormat
    /// All tensors by name.
    public let tensors: [String: TensorDescription]
    /// Tensors that cannot be read, by name, with the reason.
    public let unsupported: [String: String]
    /// The text attributes of the root group.
    public let metadata: [String: String]
    /// The text attributes of every group and dataset by path; the root's path is empty.
    public let attributes: [String: [String: String]]
    /// The `name` attributes of groups by path: Keras writes the layer's own name at `layers/…/vars`.
    public let groupNames: [String: String]

    private let datasets: [String: HDF5Dataset]

    /// Maps a file and reads its structure.
    ///
    /// - Throws: `.checkpointUnsupported` for links and the newer structures, `.checkpointUnsafe` for external storage
    ///   and endless structures, `.checkpointCorrupt`; `.fileNotFound`, `.fileEmpty`, `.fileUnreadable`. Compressed
    ///   and chunked datasets are listed in `unsupported`.
    public init(_ url: URL) throws(CutisError) {
        try self.init(MappedFile(url).region, path: url.path, format: .hdf5)
    }

    /// Reads the structure of a file in memory.
    package init(_ file: ByteRegion, path: String, format: FileFormat = .hdf5) throws(CutisError) {
        self = try reading(path, as: format) { () throws(FormatFault) in
            try HDF5Archive(contents: try HDF5Contents(file), path: path, format: format)
        }
    }

    private init(contents: HDF5Contents, path: String, format: FileFormat) throws(FormatFault) {
        var tensors: [String: TensorDescription] = [:]
        var unsupported: [String: String] = [:]
        for (name, dataset) in contents.datasets {
            guard let elementType = dataset.elementType else {
                unsupported[name] = dataset.unsupported
                continue
            }
            tensors[name] = TensorDescription(name: name, elementType: elementType, shape: dataset.shape)
        }
        self.path = path
        self.format = format
        self.tensors = tensors
        self.unsupported = unsupported
        datasets = contents.datasets
        attributes = contents.attributes
        metadata = contents.attributes[""] ?? [:]
        groupNames = contents.attributes.compactMapValues { $0["name"] }
    }

    /// The numbers of one tensor; see `TensorArchive`.
    public func data(for name: String) throws(CutisError) -> TensorData {
        guard let tensor = tensors[name], let dataset = datasets[name] else { throw missing(name) }
        return try reading(path, as: format) { () throws(FormatFault) in
            try TensorData(tensor, region: dataset.data)
        }
    }
}
