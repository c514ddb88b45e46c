import CutisCore

/// What a file's own header says, read with bounds before any decoder sees the file.
struct ImageHeader {
    var width: Int
    var height: Int
    /// The EXIF orientation, 1…8; 1 where the file has none.
    var orientation = 1

    var size: CropSize { CropSize(width: width, height: height) }

    /// The orientation to turn by: a TIFF's is a part of how its pixels are stored.
    func orientation(in format: ImageFormat, _ options: DecodeOptions) -> Int {
        options.exifOrientation || format == .tiff ? orientation : 1
    }

    /// Reads the header of a file whose format is known.
    ///
    /// For HEIC the size stays 0 × 0: its boxes are read by the decoder, which also reads the header alone first.
    static func read(_ reader: ByteReader, format: ImageFormat) throws(HeaderFault) -> ImageHeader {
        switch format {
        case .jpeg: try JPEGHeader.read(reader)
        case .png: try png(reader)
        case .webp: try webP(reader)
        case .tiff: try TIFFHeader.read(reader).imageHeader
        case .bmp: try BMPHeader.read(reader).imageHeader
        case .gif: try gif(reader)
        case .heic: ImageHeader(width: 0, height: 0)
        }
    }

    private static func png(_ reader: ByteReader) throws(HeaderFault) -> ImageHeader {
        var reader = reader
        reader.isBigEndian = true
        guard reader.matches("IHDR", at: 12), let width = reader.u32(16), let height = reader.u32(20) else {
            throw .corrupt("its IHDR chunk is missing")
        }
        var header = ImageHeader(width: width, height: height)
        var offset = 8
        while let length = reader.u32(offset), offset + 12 <= reader.count {
            if reader.matches("eXIf", at: offset + 4) {
                header.orientation = TIFFHeader.orientation(reader.slice(offset + 8, length))
            }
            offset += 12 + length
        }
        return header
    }

    private static func gif(_ reader: ByteReader) throws(HeaderFault) -> ImageHeader {
        guard let width = reader.u16(6), let height = reader.u16(8) else {
            throw .corrupt("it ends within its header")
        }
        return ImageHeader(width: width, height: height)
    }

    private static func webP(_ reader: ByteReader) throws(HeaderFault) -> ImageHeader {
        var header: ImageHeader?
        var orientation = 1
        var offset = 12
        while let length = reader.u32(offset + 4) {
            let chunk = reader.slice(offset + 8, length)
            if reader.matches("EXIF", at: offset) {
                orientation = exifOrientation(chunk)
            } else if header == nil {
                header = webPSize(kind: reader.slice(offset, 4), chunk)
            }
            offset += 8 + length + (length & 1)
        }
        guard var header else { throw .corrupt("no VP8, VP8L or VP8X chunk gives its size") }
        header.orientation = orientation
        return header
    }

    private static func webPSize(kind: ByteReader, _ chunk: ByteReader) -> ImageHeader? {
        if kind.matches("VP8 "), let width = chunk.u16(6), let height = chunk.u16(8) {
            return ImageHeader(width: width & 0x3FFF, height: height & 0x3FFF)
        }
        if kind.matches("VP8L"), let bits = chunk.u32(1) {
            return ImageHeader(width: (bits & 0x3FFF) + 1, height: (bits >> 14 & 0x3FFF) + 1)
        }
        if kind.matches("VP8X"), let width = chunk.u24(4), let height = chunk.u24(7) {
            return ImageHeader(width: width + 1, height: height + 1)
        }
        return nil
    }

    /// The orientation in an EXIF block, with or without the "Exif\0\0" that JPEG puts before it.
    static func exifOrientation(_ block: ByteReader) -> Int {
        TIFFHeader.orientation(block.matches("Exif\0\0") ? block.slice(6, block.count - 6) : block)
    }
}

/// Why a header was refused; the caller adds the file's name.
enum HeaderFault: Error {
    /// The header contradicts itself or the file's length.
    case corrupt(String)
    /// The header is sound but names something that Cutis does not decode.
    case unsupported(String)
    /// Decoding would take too much memory or time.
    case tooLarge(String)
}
