public import CutisCore
public import Foundation

/// A NumPy `.npy` file: one array, under the name `array`.
///
/// Row-major little-endian arrays are mapped; Fortran-ordered and big-endian ones are copied into that form.
public struct NpyArchive: TensorArchive {
    /// The name of the one array.
    public static let tensorName = "array"

    /// Where the archive came from, for messages.
    public let path: String
    /// All tensors by name.
    public let tensors: [String: TensorDescription]
    /// Tensors that cannot be read, by name, with the reason.
    public let unsupported: [String: String]
    /// Always empty.
    public var metadata: [String: String] { [:] }
    /// What the content is.
    public var format: FileFormat { .npy }

    private let header: NpyHeader
    private let file: ByteRegion

    /// Maps a file and checks its header.
    ///
    /// - Throws: `.checkpointUnsafe` for arrays of Python objects, `.checkpointUnsupported` for records,
    ///   `.checkpointCorrupt`; `.fileNotFound`, `.fileEmpty`, `.fileUnreadable`.
    public init(_ url: URL) throws(CutisError) {
        try self.init(MappedFile(url).region, path: url.path)
    }

    /// Checks the header of a file in memory.
    package init(_ file: ByteRegion, path: String) throws(CutisError) {
        let name = Self.tensorName
        let (header, tensor) = try reading(path, as: .npy) { () throws(FormatFault) in
            let header = try NpyHeader(file)
            let tensor = try header.describe(name)
            if let tensor { _ = try header.stored(in: file, as: tensor) }
            return (header, tensor)
        }
        self.path = path
        self.file = file
        self.header = header
        tensors = tensor.map { [name: $0] } ?? [:]
        unsupported = tensor == nil ? [name: header.unsupportedReason] : [:]
    }

    /// The numbers of one tensor; see `TensorArchive`.
    public func data(for name: String) throws(CutisError) -> TensorData {
        guard let tensor = tensors[name] else { throw missing(name) }
        return try reading(path, as: .npy) { () throws(FormatFault) in
            try TensorData(tensor, region: try header.data(in: file, as: tensor))
        }
    }
}

/// A NumPy `.npz` file: a zip archive of `.npy` files, each under its name without the extension.
///
/// Opening reads the headers only; an array is decompressed and checked against its CRC when asked for.
public struct NpzArchive: TensorArchive {
    /// Where the archive came from, for messages.
    public let path: String
    /// All tensors by name.
    public let tensors: [String: TensorDescription]
    /// Tensors that cannot be read, by name, with the reason.
    public let unsupported: [String: String]
    /// Always empty.
    public var metadata: [String: String] { [:] }
    /// What the content is.
    public var format: FileFormat { .npz }

    private let archive: ZipArchive

    /// Maps a file and reads the headers of its arrays.
    ///
    /// - Throws: as `NpyArchive`; `.checkpointUnsafe` for decompression bombs.
    public init(_ url: URL) throws(CutisError) {
        try self.init(MappedFile(url).region, path: url.path)
    }

    /// Reads the headers of the arrays of a file in memory.
    package init(_ file: ByteRegion, path: String) throws(CutisError) {
        self = try reading(path, as: .npz) { () throws(FormatFault) in try NpzArchive(file: file, path: path) }
    }

    private init(file: ByteRegion, path: String) throws(FormatFault) {
        archive = try ZipArchive(file)
        var tensors: [String: TensorDescription] = [:]
        var unsupported: [String: String] = [:]
        for entryName in archive.names where entryName.hasSuffix(".npy") {
            guard let entry = archive.entries[entryName] else { continue }
            let prefix = try archive.readPrefix(of: entry, count: NpyHeader.maximumLength + 12)
            let header = try NpyHeader(prefix)
            let name = String(entryName.dropLast(4))
            guard let tensor = try header.describe(name) else {
                unsupported[name] = header.unsupportedReason
                continue
            }
            guard UInt64(header.dataStart) + UInt64(tensor.byteCount) == entry.size else {
                throw FormatFault(
                    "array \(quoted(name)) of shape \(tensor.shape) does not fill its \(entry.size) bytes")
            }
            tensors[name] = tensor
        }
        self.path = path
        self.tensors = tensors
        self.unsupported = unsupported
    }

    /// The numbers of one tensor; see `TensorArchive`.
    public func data(for name: String) throws(CutisError) -> TensorData {
        guard let tensor = tensors[name], let entry = archive.entries["\(name).npy"] else { throw missing(name) }
        return try reading(path, as: .npz) { () throws(FormatFault) in
            let file = try archive.read(entry)
            return try TensorData(tensor, region: try NpyHeader(file).data(in: file, as: tensor))
        }
    }
}
