public import Foundation

/// The image formats that Cutis decodes, told apart by content, never by a file's name.
public enum ImageFormat: String, Sendable, Hashable, Codable, CaseIterable {
    case jpeg
    case png
    case webp
    case tiff
    case bmp
    case gif
    /// HEIF still images coded with HEVC, as phones write them (.heic).
    case heic

    /// The bytes at the start of a file that `sniff` looks at.
    static let sniffLength = 64

    /// The format that the first bytes of a file announce; nil when they announce none of these.
    public static func sniff(_ start: Data) -> ImageFormat? {
        start.withUnsafeBytes { sniff(ByteReader(bytes: $0)) }
    }

    static func sniff(_ reader: ByteReader) -> ImageFormat? {
        if isPNG(reader) { return .png }
        if reader.u8(0) == 0xFF, reader.u8(1) == 0xD8, reader.u8(2) == 0xFF { return .jpeg }
        if reader.matches("GIF87a") || reader.matches("GIF89a") { return .gif }
        if reader.matches("RIFF"), reader.matches("WEBP", at: 8) { return .webp }
        if isTIFF(reader) { return .tiff }
        if isBMP(reader) { return .bmp }
        return isHEIC(reader) ? .heic : nil
    }

    private static func isPNG(_ reader: ByteReader) -> Bool {
        reader.u8(0) == 0x89 && reader.matches("PNG\r\n\u{1A}\n", at: 1)
    }

    private static func isTIFF(_ reader: ByteReader) -> Bool {
        for (mark, isBigEndian) in [("II" as StaticString, false), ("MM", true)] where reader.matches(mark) {
            var ordered = reader
            ordered.isBigEndian = isBigEndian
            if let magic = ordered.u16(2) { return magic == 42 || magic == 43 }
        }
        return false
    }

    /// "BM" alone is also how some texts start, so the size of the second header has to be one that exists.
    private static func isBMP(_ reader: ByteReader) -> Bool {
        guard reader.matches("BM"), let size = reader.u32(14) else { return false }
        return BMPHeader.sizes.contains(size)
    }

    private static func isHEIC(_ reader: ByteReader) -> Bool {
        guard reader.matches("ftyp", at: 4) else { return false }
        let brands: [StaticString] = ["heic", "heix", "heim", "heis", "mif1"]
        return brands.contains { reader.matches($0, at: 8) } && !reader.containsBrand("avif")
    }

    /// What content that is no image of ours looks like, for the error message.
    static func describe(_ reader: ByteReader) -> String {
        if reader.matches("ftyp", at: 4), reader.matches("avi", at: 8) || reader.containsBrand("avif") {
            return "an AVIF image"
        }
        if reader.matches("ftyp", at: 4) { return "a video or another media container" }
        if reader.matches("jP  ", at: 4) || (reader.u8(0) == 0xFF && reader.u8(1) == 0x4F) {
            return "a JPEG 2000 image"
        }
        if reader.matches("DICM", at: 128) { return "a DICOM file" }
        if reader.matches("%PDF") { return "a PDF document" }
        if reader.matches("PK\u{03}\u{04}") { return "a zip archive" }
        if reader.matches("%!PS") { return "a PostScript document" }
        if reader.matches("<svg") || reader.matches("<?xml") || reader.matches("<!DOCTYPE") || reader.matches("<html") {
            return "an XML, SVG or HTML text"
        }
        return isText(reader.bytes.prefix(512)) ? "plain text" : "none of the known kinds"
    }

    private static func isText(_ start: Slice<UnsafeRawBufferPointer>) -> Bool {
        let isPrintable = start.allSatisfy { $0 >= 0x20 && $0 != 0x7F || $0 == 0x09 || $0 == 0x0A || $0 == 0x0D }
        guard isPrintable, let lastASCII = start.lastIndex(where: { $0 < 0x80 }) else { return false }
        // The last character may be cut in two.
        let whole = start[...lastASCII]
        return String(validating: whole, as: UTF8.self) != nil
    }
}

extension ByteReader {
    /// Whether an ISO media file lists this brand (four characters) in its first box.
    fileprivate func containsBrand(_ brand: StaticString) -> Bool {
        var ordered = self
        ordered.isBigEndian = true
        guard let size = ordered.u32(0) else { return false }
        return stride(from: 8, to: min(size, count, 256), by: 4).contains { $0 != 12 && matches(brand, at: $0) }
    }
}
