import Foundation

/// The parts of a JPEG file (ITU-T T.81 annex B) that decoding needs.
enum JPEGCleaning {
    /// Copies a file's frame, tables, scans and colour profile.
    ///
    /// Kept are APP0 (JFIF, without its thumbnail), APP2 (ICC profile) and APP14 (Adobe, which names the colour
    /// transform), and every segment that is no application data or comment. What follows the end mark, and bytes
    /// between segments, are left out. A file that ends within a scan gets no end mark: so decoders see that it was cut.
    static func parts(of reader: ByteReader, orientation: Int) throws(HeaderFault) -> [UInt8] {
        var reader = reader
        reader.isBigEndian = true
        var output: [UInt8] = [0xFF, 0xD8]
        output.reserveCapacity(reader.count)
        var isOrientationWritten = orientation == 1
        var (hasScan, isCut) = (false, false)
        var offset = 2
        while let marker = JPEGHeader.nextMarker(reader, &offset) {
            if marker == 0xD9 { break }
            // TEM, and restart marks outside of image data, have no meaning.
            if marker == 0x01 || (0xD0...0xD8).contains(marker) { continue }
            guard let length = reader.u16(offset), length >= 2, offset + length <= reader.count else {
                // Tables or a scan that were cut off; anything else behind a scan does not matter.
                isCut = isCut || [0xC4, 0xDA, 0xDB].contains(marker)
                if hasScan { break }
                throw .corrupt("a marker segment has no length")
            }
            let segment = reader.slice(offset + 2, length - 2)
            if !isOrientationWritten, !segmentIsJFIF(marker, segment) {
                append(0xE1, Array("Exif\0\0".utf8) + OrientationBlock.bytes(orientation), to: &output)
                isOrientationWritten = true
            }
            if let content = kept(marker, segment) { append(marker, content, to: &output) }
            offset += length
            guard marker == 0xDA else { continue }
            hasScan = true
            let end = imageDataEnd(reader, offset)
            output.append(contentsOf: reader.slice(offset, end - offset).bytes)
            isCut = end >= reader.count - 1
            offset = end
        }
        guard hasScan else { throw .corrupt("it has no image data") }
        return isCut ? output : output + [0xFF, 0xD9]
    }

    private static func append(_ marker: Int, _ content: [UInt8], to output: inout [UInt8]) {
        let length = content.count + 2
        output += [0xFF, UInt8(truncatingIfNeeded: marker)]
        output += [UInt8(truncatingIfNeeded: length >> 8), UInt8(truncatingIfNeeded: length)]
        output += content
    }

    private static func segmentIsJFIF(_ marker: Int, _ segment: ByteReader) -> Bool {
        marker == 0xE0 && segment.matches("JFIF\0")
    }

    /// What is kept of a segment; nil for nothing.
    private static func kept(_ marker: Int, _ segment: ByteReader) -> [UInt8]? {
        switch marker {
        case 0xE0:
            guard segmentIsJFIF(marker, segment), segment.count >= 14 else { return nil }
            // The last two bytes are the thumbnail's size; the thumbnail itself follows them.
            return Array(segment.bytes.prefix(12)) + [0, 0]
        case 0xE2: return segment.matches("ICC_PROFILE\0") ? segment.array : nil
        case 0xEE: return segment.matches("Adobe") ? Array(segment.bytes.prefix(12)) : nil
        case 0xE1, 0xE3...0xED, 0xEF, 0xFE: return nil
        default: return segment.array
        }
    }

    /// Where the image data of a scan ends: before the next marker that is neither a stuffed 0xFF nor a restart mark.
    private static func imageDataEnd(_ reader: ByteReader, _ start: Int) -> Int {
        var offset = start
        while offset < reader.count, let base = reader.bytes.baseAddress,
            let found = memchr(base + offset, 0xFF, reader.count - offset)
        {
            let place = UnsafeRawPointer(found) - base
            guard let next = reader.u8(place + 1) else { return place }
            if next != 0, next != 0xFF, !(0xD0...0xD7).contains(next) { return place }
            offset = place + (next == 0xFF ? 1 : 2)
        }
        return reader.count
    }
}
