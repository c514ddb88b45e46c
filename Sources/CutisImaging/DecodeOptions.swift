/// Bounds that a file must keep before any of its pixels is decoded.
public struct DecodeLimits: Sendable, Hashable {
    /// The largest file, in bytes.
    public var maximumBytes: Int
    /// The largest width × height. The decoded samples may take four bytes per pixel of this, so an image with 16-bit
    /// samples has to be smaller.
    public var maximumPixels: Int
    /// The largest width and the largest height, in pixels.
    public var maximumDimension: Int
    /// The longest time that the decoder may work on one image, in seconds of wall time; a backstop, for the size
    /// bounds already bound the work.
    public var maximumSeconds: Double

    /// Makes limits; the defaults are 64 MiB, 50 megapixels, 32,768 pixels a side and 30 s.
    public init(
        maximumBytes: Int = 64 << 20, maximumPixels: Int = 50_000_000, maximumDimension: Int = 32_768,
        maximumSeconds: Double = 30
    ) {
        self.maximumBytes = maximumBytes
        self.maximumPixels = maximumPixels
        self.maximumDimension = maximumDimension
        self.maximumSeconds = maximumSeconds
    }
}

/// What becomes of an alpha channel when an image is made RGB.
public enum AlphaRule: String, Codable, Sendable, Hashable, CaseIterable {
    /// The colour samples stay as they are and alpha is forgotten, as Pillow's `convert("RGB")` does.
    case drop
    /// The image is laid over white, as Pillow's `paste` with the alpha as mask does (8-bit, rounded).
    case white
}

/// How a file becomes an RGB image. The defaults are what Pillow's `Image.open(…).convert("RGB")` does.
public struct DecodeOptions: Sendable, Hashable {
    /// Turns and mirrors the image as its EXIF orientation says.
    ///
    /// TIFF and HEIC are always turned upright, as the reference decoders do: their orientation is a part of how the
    /// pixels are stored.
    public var exifOrientation: Bool
    /// Converts colours through an embedded ICC profile to sRGB (relative colorimetric). An image without a profile,
    /// or with one that cannot be used, is taken to be sRGB already.
    public var convertToSRGB: Bool
    /// What becomes of an alpha channel.
    public var alpha: AlphaRule

    /// Makes options; the defaults are Pillow's behaviour.
    public init(exifOrientation: Bool = false, convertToSRGB: Bool = false, alpha: AlphaRule = .drop) {
        self.exifOrientation = exifOrientation
        self.convertToSRGB = convertToSRGB
        self.alpha = alpha
    }
}
