package import Foundation

extension Files {
    /// A whole PNG file of given samples, stored without compression.
    ///
    /// - Parameters:
    ///   - bits: of one sample, 8 or 16.
    ///   - samples: RGB, row by row; 16-bit samples as two bytes, the high one first.
    ///   - before: chunks to put in front of the pixels.
    package static func png(
        width: Int, height: Int, bits: Int = 8, samples: [UInt8], before: Data = Data()
    ) -> Data {
        let row = width * 3 * bits / 8
        var rows: [UInt8] = []
        for start in stride(from: 0, to: samples.count, by: row) { rows += [0] + samples[start..<start + row] }
        return png(width: width, height: height, bits: bits, stream: zlib(storing: rows), before: before)
    }

    /// A PNG file of RGB around a compressed stream, whatever that holds.
    package static func png(
        width: Int, height: Int, bits: Int = 8, stream: [UInt8], before: Data = Data()
    ) -> Data {
        var data = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        data += chunk("IHDR", big(width, 4) + big(height, 4) + [UInt8(bits), 2, 0, 0, 0])
        data += before
        data += chunk("IDAT", stream)
        return data + chunk("IEND", [])
    }

    /// A PNG file with more chunks behind its header.
    package static func inserting(_ chunks: Data, into png: Data) -> Data {
        png.prefix(33) + chunks + png.dropFirst(33)
    }

    /// A zlib stream (RFC 1950) that stores bytes as they are.
    package static func zlib(storing bytes: [UInt8]) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var start = 0
        repeat {
            let end = min(start + 65_535, bytes.count)
            let count = end - start
            stream += [end == bytes.count ? 1 : 0] + little(count, 2) + little(~count, 2) + bytes[start..<end]
            start = end
        } while start < bytes.count
        return stream + big(adler(bytes), 4)
    }

    /// A zlib stream of zeros, about 160 times smaller than what it unpacks to: a bomb.
    ///
    /// - Parameter runs: of 258 bytes each; one byte comes before them.
    package static func zlib(zeroRuns runs: Int) -> [UInt8] {
        var stream: [UInt8] = [0x78, 0x01]
        var (buffer, filled) = (UInt64(0), UInt64(0))
        /// Deflate fills its bytes from the lowest bit; Huffman codes are given the other way round already.
        func put(_ bits: UInt64, _ count: UInt64) {
            buffer |= bits << filled
            filled += count
            while filled >= 8 {
                stream.append(UInt8(truncatingIfNeeded: buffer))
                buffer >>= 8
                filled -= 8
            }
        }
        put(0b011, 3)  // the last block, with the fixed codes
        put(0b0000_1100, 8)  // a zero
        for _ in 0..<runs { put(0b0_0000_1010_0011, 13) }  // 258 times the byte before
        put(0, 7)
        if filled > 0 { put(0, 8 - filled) }
        // Adler-32 of n zeros: the low sum stays 1, the high one counts them.
        return stream + big(((runs * 258 + 1) % 65_521) << 16 | 1, 4)
    }

    private static func adler(_ bytes: [UInt8]) -> Int {
        var (low, high) = (1, 0)
        for byte in bytes {
            low = (low + Int(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return high << 16 | low
    }
}
