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
        try VipsDecoder.start()
        let message = MessageBuffer()
        var memory: UnsafeMutableRawPointer?
        var length = 0
        let status = image.pixels.withUnsafeBytes { pixels -> Int32 in
            guard let base = pixels.baseAddress else { return -1 }
            // libvips refuses sides far below what 32 bits hold, so clamping changes no image that it takes.
            return cvips_encode_png(
                base, Int32(clamping: image.width), Int32(clamping: image.height), Int32(image.channels),
                Int32(min(max(compression, 0), 9)), &memory, &length, message.text, message.capacity)
        }
        guard status == 0, let memory else {
            throw CutisError(
                .computeFailed, "The image cannot be written as PNG: \(message.reason).",
                remedy: "Check that enough memory is free.")
        }
        defer { cvips_free(memory) }
        return Data(bytes: memory, count: length)
    }
}
