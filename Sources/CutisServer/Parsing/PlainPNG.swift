import Foundation

/// Writes pixels as a PNG file without compression (ISO/IEC 15948), so that a tensor takes the same way as any image.
enum PlainPNG {
    /// - Parameters:
    ///   - pixels: rows of red, green and blue, `width` × `height` × 3 bytes.
    static func encode(_ pixels: some Collection<UInt8>, width: Int, height: Int) -> Data {
        precondition(pixels.count == width * height * 3, "\(pixels.count) bytes for \(width)×\(height) pixels")
        var raw: [UInt8] = []
        raw.reserveCapacity(height * (width * 3 + 1))
        var rest = pixels[...]
        for _ in 0..<height {
            // Each row begins with its filter: none.
            raw.append(0)
            raw.append(contentsOf: rest.prefix(width * 3))
            rest = rest.dropFirst(width * 3)
        }
        var png = Data([0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A])
        png.append(chunk("IHDR", bytes(UInt32(width)) + bytes(UInt32(height)) + [8, 2, 0, 0, 0]))
        png.append(chunk("IDAT", stored(raw)))
        png.append(chunk("IEND", []))
        return png
    }

    /// A zlib stream (RFC 1950) of blocks that are stored as they are (RFC 1951, 3.2.4).
    private static func stored(_ raw: [UInt8]) -> [UInt8] {
        var out: [UInt8] = [0x78, 0x01]
        out.reserveCapacity(raw.count + raw.count / 65535 * 5 + 16)
        var from = 0
        repeat {
            let count = min(65535, raw.count - from)
            out.append(from + count == raw.count ? 1 : 0)
            for number in [UInt16(count), ~UInt16(count)] {
                out.append(UInt8(number & 0xFF))
                out.append(UInt8(number >> 8))
            }
            out.append(contentsOf: raw[from..<from + count])
            from += count
        } while from < raw.count
        var (a, b) = (UInt32(1), UInt32(0))
        for byte in raw {
            a = (a + UInt32(byte)) % 65521
            b = (b + a) % 65521
        }
        return out + bytes(b << 16 | a)
    }

    private static func chunk(_ kind: String, _ content: [UInt8]) -> Data {
        let body = Array(kind.utf8) + content
        let crc = ~body.reduce(UInt32.max) { table[Int(($0 ^ UInt32($1)) & 0xFF)] ^ $0 >> 8 }
        return Data(bytes(UInt32(content.count)) + body + bytes(crc))
    }

    private static func bytes(_ number: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: number >> $0) }
    }

    private static let table: [UInt32] = (0..<256).map { index in
        (0..<8).reduce(UInt32(index)) { value, _ in value & 1 == 1 ? 0xEDB8_8320 ^ value >> 1 : value >> 1 }
    }
}
