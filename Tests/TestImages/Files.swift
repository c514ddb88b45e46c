package import Foundation

/// Headers of image files, written by hand: as much of a file as it takes to be refused.
package enum Files {
    package static func png(width: Int, height: Int) -> Data {
        var data = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        data += chunk("IHDR", big(width, 4) + big(height, 4) + [8, 2, 0, 0, 0])
        data += chunk("IDAT", [0x78, 0x9C, 3, 0, 0, 0, 0, 1])
        return data + chunk("IEND", [])
    }

    package static func gif(width: Int, height: Int) -> Data {
        Data(Array("GIF89a".utf8) + little(width, 2) + little(height, 2) + [0, 0, 0, 0x3B])
    }

    package static func jpeg(width: Int, height: Int, scans: Int = 1) -> Data {
        var bytes: [UInt8] = [0xFF, 0xD8, 0xFF, 0xC0] + big(11, 2) + [8] + big(height, 2) + big(width, 2)
        bytes += [1, 1, 0x11, 0]
        for _ in 0..<scans { bytes += [0xFF, 0xDA] + big(8, 2) + [1, 1, 0, 0, 63, 0] + [0x55, 0x55] }
        return Data(bytes + [0xFF, 0xD9])
    }

    package static func webp(width: Int, height: Int) -> Data {
        let size = little(width - 1, 3) + little(height - 1, 3)
        return Data(
            Array("RIFF".utf8) + little(22, 4) + Array("WEBPVP8X".utf8) + little(10, 4) + [0, 0, 0, 0] + size)
    }

    package static func tiff(width: Int, height: Int, tile: Int? = nil) -> Data {
        var tags: [(Int, Int)] = [(256, width), (257, height), (258, 8), (259, 1), (262, 1), (277, 1)]
        if let tile { tags += [(322, tile), (323, tile)] }
        var bytes: [UInt8] = Array("II".utf8) + [42, 0] + little(8, 4) + little(tags.count, 2)
        for (tag, value) in tags { bytes += little(tag, 2) + little(4, 2) + little(1, 4) + little(value, 4) }
        return Data(bytes + little(0, 4))
    }

    /// A bitmap with a 40-byte header; palette entries are blue, green, red.
    package static func bmp(
        width: Int, height: Int, bits: Int = 24, compression: Int = 0, palette: [[UInt8]] = [], pixels: [UInt8] = []
    ) -> Data {
        let start = 54 + palette.count * 4
        var bytes: [UInt8] = Array("BM".utf8) + little(start + pixels.count, 4) + little(0, 4) + little(start, 4)
        bytes += little(40, 4) + little(width, 4) + little(height, 4) + little(1, 2) + little(bits, 2)
        bytes += little(compression, 4) + little(pixels.count, 4) + little(0, 8) + little(palette.count, 4)
        bytes += little(0, 4)
        for entry in palette { bytes += entry + [0] }
        return Data(bytes + pixels)
    }

    /// A PNG file whose checksums fit its chunks again after damage, so that the damage gets past them.
    package static func repairingChecksums(_ data: Data) -> Data {
        var bytes = [UInt8](data)
        var offset = 8
        while offset + 12 <= bytes.count {
            let length = bytes[offset..<offset + 4].reduce(0) { $0 << 8 | Int($1) }
            guard length <= bytes.count - offset - 12 else { break }
            let end = offset + 8 + length
            bytes.replaceSubrange(end..<end + 4, with: big(Int(crc(Array(bytes[offset + 4..<end]))), 4))
            offset = end + 4
        }
        return Data(bytes)
    }

    /// A chunk of a PNG file with its checksum.
    package static func chunk(_ name: String, _ content: [UInt8]) -> Data {
        let body = Array(name.utf8) + content
        return Data(big(content.count, 4) + body + big(Int(crc(body)), 4))
    }

    private static func crc(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = ~0
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 {
                let isOdd = sum & 1 == 1
                sum >>= 1
                if isOdd { sum ^= 0xEDB8_8320 }
            }
        }
        return ~sum
    }

    static func little(_ value: Int, _ count: Int) -> [UInt8] {
        (0..<count).map { UInt8(truncatingIfNeeded: value >> (8 * $0)) }
    }

    static func big(_ value: Int, _ count: Int) -> [UInt8] { little(value, count).reversed() }
}
