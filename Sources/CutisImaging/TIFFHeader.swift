/// The first image file directory of a TIFF file (TIFF 6.0, BigTIFF) or of an EXIF block.
struct TIFFHeader {
    /// The largest tile or strip that the decoder may have to hold at once, in bytes.
    static let maximumBlockBytes = 512 << 20
    /// Directories of photographs have some 20 entries.
    private static let maximumEntries = 4096

    private var values: [Int: Int] = [:]

    private enum Tag {
        static let width = 256
        static let height = 257
        static let bitsPerSample = 258
        static let orientation = 274
        static let samplesPerPixel = 277
        static let tileWidth = 322
        static let tileHeight = 323
        static let planar = 284
        static let all: Set<Int> = [
            width, height, bitsPerSample, orientation, samplesPerPixel, planar, tileWidth, tileHeight,
        ]
    }

    /// Reads a TIFF file's first directory and checks that no block of it is a memory bomb.
    static func read(_ reader: ByteReader) throws(HeaderFault) -> TIFFHeader {
        guard let header = TIFFHeader(reader) else { throw .corrupt("its first directory cannot be read") }
        try header.checkBlocks()
        return header
    }

    /// The orientation tag of an EXIF block, 1…8; 1 where there is none.
    static func orientation(_ reader: ByteReader) -> Int {
        TIFFHeader(reader)?.orientation ?? 1
    }

    var imageHeader: ImageHeader {
        ImageHeader(width: values[Tag.width] ?? 0, height: values[Tag.height] ?? 0, orientation: orientation)
    }

    private var orientation: Int {
        let value = values[Tag.orientation] ?? 1
        return (1...8).contains(value) ? value : 1
    }

    private init?(_ reader: ByteReader) {
        var reader = reader
        guard reader.matches("II") || reader.matches("MM") else { return nil }
        reader.isBigEndian = reader.matches("MM")
        guard let magic = reader.u16(2), magic == 42 || magic == 43 else { return nil }
        let isBig = magic == 43
        guard let directory = isBig ? reader.u64(8) : reader.u32(4) else { return nil }
        guard let count = isBig ? reader.u64(directory) : reader.u16(directory) else { return nil }
        let entrySize = isBig ? 20 : 12
        var entry = directory + (isBig ? 8 : 2)
        for _ in 0..<min(count, Self.maximumEntries) {
            guard let tag = reader.u16(entry) else { break }
            if Tag.all.contains(tag), values[tag] == nil {
                values[tag] = Self.firstValue(reader, entry, isBig: isBig)
            }
            entry += entrySize
        }
    }

    /// The first number of an entry of type BYTE, SHORT, LONG or LONG8; several are stored elsewhere in the file.
    private static func firstValue(_ reader: ByteReader, _ entry: Int, isBig: Bool) -> Int? {
        guard let type = reader.u16(entry + 2), let count = isBig ? reader.u64(entry + 4) : reader.u32(entry + 4)
        else { return nil }
        let sizes = [1: 1, 3: 2, 4: 4, 16: 8]
        guard let size = sizes[type], count > 0 else { return nil }
        let inlineOffset = entry + (isBig ? 12 : 8)
        var place = inlineOffset
        if count > (isBig ? 8 : 4) / size {
            guard let offset = isBig ? reader.u64(inlineOffset) : reader.u32(inlineOffset) else { return nil }
            place = offset
        }
        switch type {
        case 1: return reader.u8(place)
        case 3: return reader.u16(place)
        case 4: return reader.u32(place)
        default: return reader.u64(place)
        }
    }

    private func checkBlocks() throws(HeaderFault) {
        let samples = values[Tag.samplesPerPixel] ?? 1
        let bits = values[Tag.bitsPerSample] ?? 1
        guard (1...8).contains(samples) else { throw .unsupported("it has \(samples) samples per pixel") }
        guard [1, 2, 4, 8, 16, 32, 64].contains(bits) else { throw .unsupported("it has \(bits) bits per sample") }
        if values[Tag.planar] == 2, values[Tag.tileWidth] != nil {
            throw .unsupported("its tiles hold the colours in separate planes")
        }
        let width = values[Tag.tileWidth] ?? values[Tag.width] ?? 0
        let height = values[Tag.tileHeight] ?? values[Tag.height] ?? 0
        let (area, areaOverflow) = width.multipliedReportingOverflow(by: height)
        let (size, sizeOverflow) = area.multipliedReportingOverflow(by: samples * bits)
        if areaOverflow || sizeOverflow || size / 8 > Self.maximumBlockBytes {
            throw .tooLarge("its tiles or strips of \(width)×\(height) pixels are too large to decode")
        }
    }
}
