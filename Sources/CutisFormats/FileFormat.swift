/// What a file's content is; its name plays no part.
public enum FileFormat: String, Sendable, Hashable, Codable, CaseIterable {
    // Checkpoints that Cutis reads.
    case safetensors, pytorch, keras, hdf5, npy, npz
    /// `model.safetensors.index.json` and its like: the table of a checkpoint in several files.
    case shardIndex
    // Checkpoints that Cutis recognises and refuses.
    /// Written by PyTorch before 1.6: several pickles in a row.
    case pytorchLegacy
    /// A compiled PyTorch program.
    case torchScript
    /// A bare Python pickle.
    case pickle
    // Images.
    case jpeg, png, webp, tiff, bmp, gif, heic, avif, dicom
    // The rest.
    case zip, gzip, json, text, empty, unknown

    /// The format in words, for messages.
    public var title: String {
        switch self {
        case .safetensors: "a safetensors file"
        case .pytorch: "a PyTorch checkpoint"
        case .keras: "a Keras 3 model"
        case .hdf5: "an HDF5 file"
        case .npy: "a NumPy array"
        case .npz: "a NumPy archive"
        case .shardIndex: "the index of a sharded checkpoint"
        case .pytorchLegacy: "a legacy PyTorch checkpoint (written before 1.6)"
        case .torchScript: "a TorchScript program"
        case .pickle: "a Python pickle"
        case .jpeg: "a JPEG image"
        case .png: "a PNG image"
        case .webp: "a WebP image"
        case .tiff: "a TIFF image"
        case .bmp: "a BMP image"
        case .gif: "a GIF image"
        case .heic: "a HEIC image"
        case .avif: "an AVIF image"
        case .dicom: "a DICOM file"
        case .zip: "a zip archive"
        case .gzip: "a gzip file"
        case .json: "a JSON file"
        case .text: "a text file"
        case .empty: "an empty file"
        case .unknown: "a file of unknown format"
        }
    }

    /// Whether the content is an image.
    public var isImage: Bool {
        switch self {
        case .jpeg, .png, .webp, .tiff, .bmp, .gif, .heic, .avif, .dicom: true
        default: false
        }
    }
}
