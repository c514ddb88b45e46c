import Foundation

/// The marker segments of a JPEG file (ITU-T T.81 annex B).
enum JPEGHeader {
    /// Encoders write about 10 scans for a progressive image; a file with thousands is made to keep a decoder busy.
    static let maximumScans = 100
    /// Every scan visits every pixel, so this many pixel visits are seconds of work.
    static let maximumVisits = 2_000_000_000

    static func read(_ reader: ByteReader) throws(HeaderFault) -> ImageHeader {
        var reader = reader
        reader.isBigEndian = true
        var header: ImageHeader?
        var orientation: Int?
        var scans = 0
        var tables: Set<Int> = []
        var isSequential = false
        var offset = 2
        // What follows the end mark (0xD9) is not the image: phones append whole videos there.
        while let marker = nextMarker(reader, &offset), marker != 0xD9 {
            guard !isStandalone(marker) else { continue }
            guard let length = reader.u16(offset), length >= 2 else {
                if scans > 0 { break }
                throw .corrupt("a marker segment has no length")
            }
            let segment = reader.slice(offset + 2, length - 2)
            if isFrame(marker), header == nil {
                guard let height = segment.u16(1), let width = segment.u16(3) else {
                    throw .corrupt("its frame header is cut short")
                }
                header = ImageHeader(width: width, height: height)
                isSequential = marker <= 0xC1
            } else if marker == 0xC4 {
                tables.formUnion(huffmanTables(segment))
            } else if marker == 0xE1, orientation == nil, segment.matches("Exif\0\0") {
                orientation = ImageHeader.exifOrientation(segment)
            } else if marker == 0xDA {
                scans += 1
                // Without any table decoders take the standard's own, as frames of videos want it; with some of them
                // they do so too, and then show noise.
                if isSequential, !tables.isEmpty, !tables.isSuperset(of: usedTables(segment)) {
                    throw .corrupt("a Huffman table is missing")
                }
            }
            offset += length
        }
        guard var header else { throw .corrupt("it has no frame header") }
        header.orientation = orientation ?? 1
        if scans > maximumScans || (scans > 1 && scans * header.width * header.height > maximumVisits) {
            throw .tooLarge("its \(scans) scans would take too long to decode")
        }
        return header
    }

    /// The tables that a DHT segment defines, as class (0 for DC, 1 for AC) × 16 + number.
    private static func huffmanTables(_ segment: ByteReader) -> Set<Int> {
        var found: Set<Int> = []
        var offset = 0
        while let name = segment.u8(offset), segment.u8(offset + 16) != nil {
            found.insert(name)
            offset += 17 + (1...16).reduce(0) { $0 + (segment.u8(offset + $1) ?? 0) }
        }
        return found
    }

    /// The tables that a scan's components use.
    private static func usedTables(_ segment: ByteReader) -> Set<Int> {
        let components = (0..<(segment.u8(0) ?? 0)).compactMap { segment.u8(2 + 2 * $0) }
        return Set(components.flatMap { [$0 >> 4, 0x10 | $0 & 15] })
    }

    /// Moves past the next marker; image data and bytes that belong to no segment are skipped, as libjpeg does.
    static func nextMarker(_ reader: ByteReader, _ offset: inout Int) -> Int? {
        while offset < reader.count, let base = reader.bytes.baseAddress,
            let found = memchr(base + offset, 0xFF, reader.count - offset)
        {
            offset = UnsafeRawPointer(found) - base
            while reader.u8(offset) == 0xFF { offset += 1 }
            guard let marker = reader.u8(offset) else { return nil }
            offset += 1
            // Within image data 0xFF is followed by 0.
            if marker != 0 { return marker }
        }
        return nil
    }

    /// Markers without a segment: TEM, RST0…7, SOI, EOI.
    private static func isStandalone(_ marker: Int) -> Bool {
        marker == 0x01 || (0xD0...0xD9).contains(marker)
    }

    /// SOF0…SOF15 without DHT, JPG and DAC.
    private static func isFrame(_ marker: Int) -> Bool {
        (0xC0...0xCF).contains(marker) && marker != 0xC4 && marker != 0xC8 && marker != 0xCC
    }
}
