import Foundation

/// The chunks of a WebP file (RFC 9649) that decoding needs.
enum WebPCleaning {
    /// Flags of the VP8X chunk.
    private enum Flag {
        static let animation = 0x02
        static let metadataXMP = 0x04
        static let metadataEXIF = 0x08
    }

    /// Copies the coded image, its alpha and its profile; nil for animations, whose frames are files of their own.
    static func parts(of reader: ByteReader, orientation: Int) throws(HeaderFault) -> [UInt8]? {
        var chunks: [UInt8] = []
        var hasImage = false
        var offset = 12
        while let length = reader.u32(offset + 4) {
            let name = reader.slice(offset, 4)
            guard offset + 8 + length <= reader.count else { throw .corrupt("a chunk reaches beyond its end") }
            let padded = min(8 + length + (length & 1), reader.count - offset)
            if name.matches("ANIM") || name.matches("ANMF") { return nil }
            if name.matches("VP8X") {
                guard let flags = reader.u8(offset + 8), length >= 10 else { throw .corrupt("its VP8X chunk is short") }
                guard flags & Flag.animation == 0 else { return nil }
                var copy = reader.slice(offset, 8 + 10).array
                copy[4...7] = [10, 0, 0, 0]
                let clean = flags & ~(Flag.metadataXMP | Flag.metadataEXIF)
                copy[8] = UInt8(truncatingIfNeeded: clean | (orientation == 1 ? 0 : Flag.metadataEXIF))
                chunks += copy
            } else if name.matches("VP8 ") || name.matches("VP8L") || name.matches("ALPH") || name.matches("ICCP") {
                if !name.matches("ALPH"), !name.matches("ICCP") { hasImage = true }
                chunks.append(contentsOf: reader.slice(offset, padded).bytes)
                if length & 1 == 1, padded == 8 + length { chunks.append(0) }
            }
            offset += 8 + length + (length & 1)
        }
        guard hasImage else { throw .corrupt("it has no image data") }
        if orientation != 1 {
            let block = OrientationBlock.bytes(orientation)
            chunks += Array("EXIF".utf8) + little(block.count) + block
        }
        return Array("RIFF".utf8) + little(chunks.count + 4) + Array("WEBP".utf8) + chunks
    }

    private static func little(_ value: Int) -> [UInt8] {
        [0, 8, 16, 24].map { UInt8(truncatingIfNeeded: value >> $0) }
    }
}
