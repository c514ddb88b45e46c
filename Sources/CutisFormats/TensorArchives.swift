public import CutisCore
public import Foundation

/// Opens checkpoints of any format that Cutis reads.
public enum TensorArchives {
    /// Opens a checkpoint by its content.
    ///
    /// - Parameter url: a safetensors, PyTorch, Keras, HDF5, npy or npz file; the index of a sharded checkpoint; or a
    ///   folder that holds one (see `checkpoint(in:)`).
    /// - Throws: `.checkpointUnsupported` where the content is something else; what the readers throw.
    public static func open(_ url: URL) throws(CutisError) -> any TensorArchive {
        if isFolder(url) {
            let file = try checkpoint(in: url)
            return isFolder(file) ? try KerasModelFile(file).weights : try open(file)
        }
        return try open(MappedFile(url).region, at: url)
    }

    /// Opens the bytes of a checkpoint.
    ///
    /// - Parameter url: where they are from: for messages, and to find the shards beside an index.
    package static func open(_ file: ByteRegion, at url: URL) throws(CutisError) -> any TensorArchive {
        let path = url.path
        switch Sniffer.format(of: file) {
        case .safetensors: return try SafetensorsArchive(file, path: path)
        case .shardIndex: return try ShardedArchive(file, index: url)
        case .pytorch: return try PyTorchArchive(file, path: path)
        case .keras: return try KerasModelFile(file, path: path).weights
        case .hdf5: return try HDF5Archive(file, path: path)
        case .npy: return try NpyArchive(file, path: path)
        case .npz: return try NpzArchive(file, path: path)
        case .zip:
            // Either no checkpoint, or one whose directory is damaged: then this says how.
            try reading(path, as: .zip) { () throws(FormatFault) in _ = try ZipArchive(file) }
            throw refusal(of: path, .zip)
        case let other: throw refusal(of: path, other)
        }
    }

    /// The checkpoint file that a folder such as a Hugging Face snapshot holds, safetensors before pickles.
    ///
    /// Looks for the usual names in the order of `names`; where there is none of them and just one file of
    /// `*.safetensors`, that one; last, the folder itself where it is an unzipped Keras model.
    ///
    /// - Throws: `.fileNotFound` with the names that were looked for.
    public static func checkpoint(in folder: URL) throws(CutisError) -> URL {
        let manager = FileManager.default
        for name in names {
            let file = folder.appendingPathComponent(name)
            if manager.fileExists(atPath: file.path) { return file }
        }
        let present = (try? manager.contentsOfDirectory(atPath: folder.path)) ?? []
        let safetensors = present.filter { $0.hasSuffix(".safetensors") && !$0.hasPrefix(".") }
        if safetensors.count == 1 { return folder.appendingPathComponent(safetensors[0]) }
        if present.contains("model.weights.h5"), present.contains("config.json") { return folder }
        throw CutisError(
            .fileNotFound, "\(folder.path) holds no checkpoint (looked for \(names.joined(separator: ", "))).",
            remedy: "Give the path of the checkpoint file itself.")
    }

    /// The names of checkpoints in a folder, in the order of preference.
    static let names = [
        "model.safetensors", "model.safetensors.index.json", "open_clip_model.safetensors",
        "open_clip_pytorch_model.safetensors", "pytorch_model.bin", "pytorch_model.bin.index.json",
        "open_clip_pytorch_model.bin",
    ]

    private static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func refusal(of path: String, _ format: FileFormat) -> CutisError {
        if format == .empty {
            return CutisError(.fileEmpty, "\(path) is empty.", remedy: "Download or export the file again.")
        }
        let remedy =
            switch format {
            case .pytorchLegacy, .torchScript, .pickle:
                "Load it in PyTorch on a machine that you trust and save its state_dict with torch.save or safetensors."
            case .text, .json:
                "Check that the download is complete: a Git LFS pointer or an error page is text, not weights."
            default: "Give a safetensors, PyTorch, Keras, HDF5 or NumPy checkpoint."
            }
        return CutisError(
            .checkpointUnsupported, "\(path) is \(format.title), not a checkpoint that can be read.", remedy: remedy)
    }
}
