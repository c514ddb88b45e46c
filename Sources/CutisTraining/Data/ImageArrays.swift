import CutisCore
import CutisFormats
import CutisImaging
import Foundation

/// The images of MedMNIST archives (`.npz`): arrays of bytes, [count, height, width] or [count, height, width, 3].
///
/// An array is decompressed when its first image is asked for and kept: its compressed bytes cannot be entered in the
/// middle.
///
/// Safe to share: the table is touched only while `lock` is held.
final class ImageArrays: @unchecked Sendable {
    private let lock = NSLock()
    private var arrays: [String: TensorData] = [:]

    /// One image, as RGB; grey ones have three equal channels.
    ///
    /// - Throws: what `NpzArchive` says of a file that it refuses; `.dataInvalid` for an array that holds no images or
    ///   not as many.
    func image(_ archive: URL, _ name: String, _ index: Int) throws(CutisError) -> PixelBuffer {
        let data = try array(archive, name)
        let shape = data.description.shape
        let isColour = shape.count == 4 && shape[3] == 3
        guard data.description.elementType == .uint8, isColour || shape.count == 3, shape[1] > 0, shape[2] > 0 else {
            throw CutisError(
                .dataInvalid,
                "The array '\(name)' of \(archive.path) has the shape \(shape) and the type "
                    + "\(data.description.elementType.rawValue), which are no images.",
                remedy: "Give an archive with bytes of the shape [count, height, width] or [count, height, width, 3].")
        }
        guard (0..<shape[0]).contains(index) else {
            throw CutisError(
                .dataInvalid, "The array '\(name)' of \(archive.path) has \(shape[0]) images, none at \(index).",
                remedy: "Read the data set again.")
        }
        let size = shape[1] * shape[2] * (isColour ? 3 : 1)
        let samples = data.withUnsafeBytes { Array($0[(index * size)..<((index + 1) * size)]) }
        let pixels = isColour ? samples : samples.flatMap { [$0, $0, $0] }
        return try PixelBuffer(width: shape[2], height: shape[1], channels: 3, pixels: pixels)
    }

    private func array(_ archive: URL, _ name: String) throws(CutisError) -> TensorData {
        let key = "\(archive.path)\u{0}\(name)"
        // Held while reading: other threads would only decompress the same array again.
        lock.lock()
        defer { lock.unlock() }
        if let data = arrays[key] { return data }
        let data = try NpzArchive(archive).data(for: name)
        arrays[key] = data
        return data
    }
}
