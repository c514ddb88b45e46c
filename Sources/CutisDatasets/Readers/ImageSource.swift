public import CutisCore
import CutisFormats
public import CutisImaging
import Foundation
import Synchronization

/// Decodes the images of a data set, wherever they are.
///
/// An archive's array is decompressed once and kept as long as this object. All functions may be called from any
/// thread.
public final class ImageSource: Sendable {
    private let archives = Mutex<[String: ArrayImages]>([:])

    /// Makes a source that has read nothing yet.
    public init() {}

    /// The pixels of an image, three channels.
    ///
    /// - Throws: what `ImageDecoder.decode` throws for a file; `.dataInvalid` for an array that does not hold images,
    ///   and what reading the archive throws.
    public func pixels(
        _ location: ImageLocation, options: DecodeOptions = DecodeOptions(), limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> PixelBuffer {
        switch location {
        case .file(let url): return try ImageDecoder.decode(url, options: options, limits: limits)
        case .array(let archive, let name, let index):
            let key = archive.path + "\0" + name
            let images = try archives.withLock { (open) throws(CutisError) in
                if let images = open[key] { return images }
                let images = try ArrayImages(NpzArchive(archive), name: name)
                open[key] = images
                return images
            }
            return try images.pixels(index)
        }
    }
}

/// The images of one array of an archive: [N, H, W] or [N, H, W, 3], 8 bits.
struct ArrayImages: Sendable {
    private let data: TensorData
    private let path: String
    private let count: Int
    private let height: Int
    private let width: Int
    private let channels: Int

    init(_ archive: NpzArchive, name: String) throws(CutisError) {
        data = try archive.data(for: name)
        path = archive.path
        (count, height, width, channels) = try Self.layout(data.description, path: archive.path)
    }

    /// The sizes of an array of images.
    static func layout(
        _ tensor: TensorDescription, path: String
    ) throws(CutisError) -> (count: Int, height: Int, width: Int, channels: Int) {
        let shape = tensor.shape
        guard tensor.elementType == .uint8, shape.count == 3 || (shape.count == 4 && shape[3] == 3),
            (1...4096).contains(shape[1]), (1...4096).contains(shape[2])
        else {
            throw .unusable(
                path, "the array \(quoted(tensor.name)) of shape \(shape) does not hold 8-bit images",
                remedy: "Give an archive of two-dimensional MedMNIST images.")
        }
        return (shape[0], shape[1], shape[2], shape.count == 3 ? 1 : 3)
    }

    func pixels(_ index: Int) throws(CutisError) -> PixelBuffer {
        guard (0..<count).contains(index) else {
            throw .unusable(path, "it has no image \(index)", remedy: "Read the data set again.")
        }
        let size = height * width * channels
        let samples = data.withUnsafeBytes { bytes in
            let own = bytes[index * size..<(index + 1) * size]
            return channels == 3 ? Array(own) : own.flatMap { [$0, $0, $0] }
        }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: samples)
    }
}
