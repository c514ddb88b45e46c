import CVips
public import CutisCore
public import Foundation

/// Writes JPEG files.
public enum JPEGEncoder {
    /// Encodes an image as baseline JPEG without metadata.
    ///
    /// - Parameters:
    ///   - image: 1 channel is written as gray, 3 as RGB.
    ///   - quality: 1…100; values outside are clipped.
    /// - Throws: `CutisError` with `.invalidArguments` for an alpha channel, which JPEG does not have, and
    ///   `.computeFailed` when libvips fails.
    public static func encode(_ image: PixelBuffer, quality: Int = 85) throws(CutisError) -> Data {
        guard image.channels == 1 || image.channels == 3 else {
            throw CutisError(
                .invalidArguments, "An image with \(image.channels) channels cannot be written as JPEG.",
                remedy: "Write it as PNG, or drop its alpha channel.")
        }
        return try VipsEncoder.encode(
            image, as: .jpeg, setting: min(max(quality, 1), 100),
            remedy: "Check that no side is above 65,535 pixels and that enough memory is free.", cvips_encode_jpeg)
    }
}
