public import CutisCore
public import Foundation

/// Small pictures of large ones, for lists.
public enum Thumbnail {
    /// A small JPEG of an image: upright, in sRGB, without metadata.
    ///
    /// A large JPEG is decoded at a reduced scale, so that twelve megapixels take tens of milliseconds.
    ///
    /// - Parameters:
    ///   - data: an image file.
    ///   - name: what error messages call the image.
    ///   - side: the longer side at most, in pixels; a smaller image keeps its size.
    /// - Throws: what `ImageDecoder.decode` throws.
    public static func encode(
        _ data: Data, name: String, side: Int, limits: DecodeLimits = DecodeLimits()
    ) throws(CutisError) -> Data {
        let options = DecodeOptions(exifOrientation: true, convertToSRGB: true)
        let image = try ImageDecoder.decode(data, name: name, options: options, limits: limits) { size in
            [8, 4, 2].first { max(size.width, size.height) / $0 >= side } ?? 1
        }
        return try JPEGEncoder.encode(try image.upright(longerSide: side))
    }
}
