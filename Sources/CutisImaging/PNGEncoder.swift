import CVips
public import CutisCore
public import Foundation

/// Writes PNG files.
public enum PNGEncoder {
    /// Encodes an image as PNG without metadata.
    ///
    /// - Parameters:
    ///   - image: 1 channel is written as gray, 2 as gray with alpha, 3 as RGB, 4 as RGBA.
    ///   - compression: zlib's level, 0…9; values outside are clipped.
    /// - Throws: `CutisError` with `.computeFailed` when libvips fails.
    public static func encode(_ image: PixelBuffer, compression: Int = 6) throws(CutisError) -> Data {
        try VipsEncoder.encode(
            image, as: .png, setting: min(max(compression, 0), 9), remedy: "Check that enough memory is free.",
            cvips_encode_png)
    }
}
