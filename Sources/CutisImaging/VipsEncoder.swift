import CVips
import CutisCore
import Foundation

/// Encoding through libvips.
enum VipsEncoder {
    /// `cvips_encode_png` or `cvips_encode_jpeg`.
    typealias Function = (
        UnsafeRawPointer, Int32, Int32, Int32, Int32, UnsafeMutablePointer<UnsafeMutableRawPointer?>,
        UnsafeMutablePointer<Int>, UnsafeMutablePointer<CChar>, Int
    ) -> Int32

    /// Encodes an image without metadata.
    ///
    /// - Parameters:
    ///   - setting: of the format: zlib's level, or JPEG's quality.
    ///   - remedy: what to do where libvips fails.
    /// - Throws: `CutisError` with `.computeFailed` when libvips fails.
    static func encode(
        _ image: PixelBuffer, as format: ImageFormat, setting: Int, remedy: String, _ function: Function
    ) throws(CutisError) -> Data {
        try VipsDecoder.start()
        let message = MessageBuffer()
        var memory: UnsafeMutableRawPointer?
        var length = 0
        let status = image.pixels.withUnsafeBytes { pixels -> Int32 in
            guard let base = pixels.baseAddress else { return -1 }
            // libvips refuses sides far below what 32 bits hold, so clamping changes no image that it takes.
            return function(
                base, Int32(clamping: image.width), Int32(clamping: image.height), Int32(image.channels),
                Int32(setting),
                &memory, &length, message.text, message.capacity)
        }
        guard status == 0, let memory else {
            throw CutisError(
                .computeFailed, "The image cannot be written as \(format.rawValue.uppercased()): \(message.reason).",
                remedy: remedy)
        }
        defer { cvips_free(memory) }
        return Data(bytes: memory, count: length)
    }
}
