public import CutisCore
public import Foundation

/// Takes out of an image file what can identify a person, a place or a camera: EXIF (with its place and thumbnail),
/// XMP, IPTC, comments, embedded previews, and whatever follows the image.
///
/// JPEG, PNG and still WebP files keep their coded pixels byte for byte: only the parts of the file that carry pixels,
/// their colour profile and, where it is not the usual one, the orientation are copied. Other formats, and animations,
/// are decoded and written as PNG, upright, with the same 8-bit RGB samples and the same colour profile. So a recipe
/// makes the same model input of the clean file as of the file that was sent.
public struct ImageCleaner: Sendable {
    /// A file without anything that identifies.
    public struct CleanImage: Sendable {
        /// The file's bytes.
        public let data: Data
        /// `.jpeg`, `.png` or `.webp`.
        public let format: ImageFormat
        /// Whether the coded pixels are those of the file that was sent, byte for byte.
        public let keepsCoding: Bool

        /// The media type, such as `image/jpeg`.
        public var mediaType: String { "image/\(format.rawValue)" }
    }

    /// Bounds that a file must keep where its pixels are decoded.
    public var limits: DecodeLimits
    /// What becomes of an alpha channel where pixels are written again.
    public var alpha: AlphaRule

    /// Makes a cleaner.
    public init(limits: DecodeLimits = DecodeLimits(), alpha: AlphaRule = .drop) {
        self.limits = limits
        self.alpha = alpha
    }

    /// The clean form of a file.
    ///
    /// - Parameter name: what error messages call the image.
    /// - Throws: `CutisError` with `.fileEmpty`, `.imageUnsupported`, `.imageCorrupt` or `.imageTooLarge`, as decoding
    ///   does; a file whose parts cannot be told apart is refused, never passed on.
    public func clean(_ data: Data, name: String) throws(CutisError) -> CleanImage {
        let subject = ImageSubject(name: name)
        guard !data.isEmpty else {
            throw CutisError(.fileEmpty, "\(name) is empty.", remedy: "Copy or export the image again.")
        }
        guard data.count <= limits.maximumBytes else {
            throw ImageFile.tooLarge(name, data.count, limits.maximumBytes)
        }
        let copied = data.withUnsafeBytes { bytes in
            Result { () throws(CutisError) in try copy(ByteReader(bytes: bytes), subject) }
        }
        if let copied = try copied.get() { return copied }
        return try reencoded(data, name: name)
    }

    /// The parts of a file that carry pixels; nil for formats that are decoded instead.
    private func copy(_ reader: ByteReader, _ subject: ImageSubject) throws(CutisError) -> CleanImage? {
        guard let format = ImageFormat.sniff(reader) else { throw subject.notAnImage(reader) }
        do throws(HeaderFault) {
            let header = try ImageHeader.read(reader, format: format)
            let parts: [UInt8]? =
                switch format {
                case .jpeg: try JPEGCleaning.parts(of: reader, orientation: header.orientation)
                case .png: try PNGCleaning.parts(of: reader, orientation: header.orientation)
                case .webp: try WebPCleaning.parts(of: reader, orientation: header.orientation)
                case .tiff, .bmp, .gif, .heic: nil
                }
            return parts.map { CleanImage(data: Data($0), format: format, keepsCoding: true) }
        } catch {
            throw subject.refused(error, format)
        }
    }

    private func reencoded(_ data: Data, name: String) throws(CutisError) -> CleanImage {
        let options = DecodeOptions(exifOrientation: true, alpha: alpha)
        let image = try ImageDecoder.decode(data, name: name, options: options, limits: limits)
        // Level 1: photos hardly become smaller at higher ones, and a phone's photo would take seconds.
        let encoded = try PNGEncoder.encode(image, compression: 1)
        let plain = try PNGCleaning.parts(of: encoded)
        guard let profile = ImageDecoder.rgbProfile(of: data) else {
            return CleanImage(data: plain, format: .png, keepsCoding: false)
        }
        return CleanImage(data: PNGCleaning.adding(profile: profile, to: plain), format: .png, keepsCoding: false)
    }
}

/// An EXIF block that says the orientation and nothing else.
enum OrientationBlock {
    /// The bytes of a TIFF header with one directory of one entry, big-endian.
    static func bytes(_ orientation: Int) -> [UInt8] {
        [0x4D, 0x4D, 0, 42, 0, 0, 0, 8]
            + [0, 1, 0x01, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(truncatingIfNeeded: orientation), 0, 0]
            + [0, 0, 0, 0]
    }
}

extension ByteReader {
    /// The bytes as an array.
    var array: [UInt8] { Array(bytes) }
}
