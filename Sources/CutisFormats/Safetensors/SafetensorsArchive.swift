public import CutisCore
public import Foundation

/// A safetensors file, mapped: opening costs the header only, and tensors are read as their pages are touched.
///
/// The format: huggingface/safetensors. Tensors of types that Cutis does not compute with (8-bit floats, unsigned
/// 16-bit integers…) are listed in `unsupported` and refused when asked for.
public struct SafetensorsArchive: TensorArchive {
    /// Where the archive came from, for messages.
    public let path: String
    /// All tensors by name.
    public let tensors: [String: TensorDescription]
    /// Tensors that cannot be read, by name, with the reason.
    public let unsupported: [String: String]
    /// The header's `__metadata__`.
    public let metadata: [String: String]
    /// What the content is.
    public var format: FileFormat { .safetensors }

    private let offsets: [String: Int]
    private let file: ByteRegion

    /// Maps a file and checks its header.
    ///
    /// - Throws: `.checkpointCorrupt` with what is wrong; `.fileNotFound`, `.fileEmpty`, `.fileUnreadable`.
    public init(_ url: URL) throws(CutisError) {
        try self.init(MappedFile(url).region, path: url.path)
    }

    /// Checks the header of a file in memory.
    package init(_ file: ByteRegion, path: String) throws(CutisError) {
        let header = try reading(path, as: .safetensors) { () throws(FormatFault) in try SafetensorsHeader(file) }
        self.path = path
        self.file = file
        tensors = header.tensors
        unsupported = header.unsupported
        metadata = header.metadata
        offsets = header.offsets
    }

    /// The numbers of one tensor; see `TensorArchive`.
    public func data(for name: String) throws(CutisError) -> TensorData {
        guard let tensor = tensors[name], let offset = offsets[name] else { throw missing(name) }
        return try reading(path, as: .safetensors) { () throws(FormatFault) in
            guard let bytes = file.slice(at: offset, count: tensor.byteCount) else {
                throw FormatFault("tensor \(quoted(name)) lies beyond the end of the file")
            }
            return try TensorData(tensor, region: bytes)
        }
    }

    /// Tensors of this file stay valid: nobody may write to them, so nothing is lost.
    public func releasePages() { (file.owner as? MappedFile)?.releasePages() }
}
