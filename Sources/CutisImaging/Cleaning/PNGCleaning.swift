import CutisCore
import Foundation

/// The chunks of a PNG file (W3C PNG, third edition) that decoding needs.
enum PNGCleaning {
    /// What is copied; the frames of an animation after the first are left out, as in decoding.
    private static let kept: Set<String> = [
        "IHDR", "PLTE", "IDAT", "IEND", "tRNS", "gAMA", "cHRM", "sRGB", "iCCP", "cICP", "sBIT",
    ]
    private static let signature: [UInt8] = [0x89, 0x50, 0x4E, 0x47, 0x0D, 0x0A, 0x1A, 0x0A]
    /// A profile of a camera or screen has some kilobytes, of a printer some hundred.
    private static let maximumProfile = 4 << 20

    static func parts(of reader: ByteReader, orientation: Int) throws(HeaderFault) -> [UInt8] {
        var reader = reader
        reader.isBigEndian = true
        var output = signature
        output.reserveCapacity(reader.count)
        var isOrientationWritten = orientation == 1
        var hasImageData = false
        var offset = 8
        while let length = reader.u32(offset) {
            let name = reader.slice(offset + 4, 4)
            if name.matches("IEND") { break }
            guard offset + 12 + length <= reader.count else {
                // What is cut off behind the pixels is of no use.
                if hasImageData { break }
                throw .corrupt("a chunk reaches beyond its end")
            }
            guard let text = String(validating: name.bytes, as: UTF8.self), name.bytes.allSatisfy(isLetter) else {
                throw .corrupt("a chunk has no name")
            }
            if name.matches("IDAT") {
                hasImageData = true
                if !isOrientationWritten { output += chunk("eXIf", OrientationBlock.bytes(orientation)) }
                isOrientationWritten = true
            }
            if kept.contains(text) {
                output.append(contentsOf: reader.slice(offset, 12 + length).bytes)
            } else if isCritical(name) {
                throw .unsupported("it has a critical chunk \(text)")
            }
            offset += 12 + length
        }
        guard hasImageData else { throw .corrupt("it has no image data") }
        return output + chunk("IEND", [])
    }

    /// The same of a file that was just written.
    static func parts(of png: Data) throws(CutisError) -> Data {
        let copied = png.withUnsafeBytes { bytes in
            Result { () throws(HeaderFault) in try parts(of: ByteReader(bytes: bytes), orientation: 1) }
        }
        guard case .success(let bytes) = copied else {
            throw CutisError(
                .computeFailed, "The image cannot be written as PNG.", remedy: "Check that enough memory is free.")
        }
        return Data(bytes)
    }

    /// A PNG file with a colour profile, which goes right behind its header.
    static func adding(profile: Data, to png: Data) -> Data {
        guard !profile.isEmpty, profile.count <= maximumProfile, png.count > 33 else { return png }
        let content = Array("profile".utf8) + [0, 0] + stored(Array(profile))
        return png.prefix(33) + Data(chunk("iCCP", content)) + png.dropFirst(33)
    }

    /// A zlib stream (RFC 1950, 1951) of stored blocks.
    private static func stored(_ bytes: [UInt8]) -> [UInt8] {
        var output: [UInt8] = [0x78, 0x01]
        for start in stride(from: 0, to: bytes.count, by: 0xFFFF) {
            let block = bytes[start..<min(start + 0xFFFF, bytes.count)]
            let size = UInt16(truncatingIfNeeded: block.count)
            output.append(start + block.count == bytes.count ? 1 : 0)
            output += [UInt8(truncatingIfNeeded: size), UInt8(truncatingIfNeeded: size >> 8)]
            output += [UInt8(truncatingIfNeeded: ~size), UInt8(truncatingIfNeeded: ~size >> 8)]
            output += block
        }
        var (low, high): (UInt32, UInt32) = (1, 0)
        for byte in bytes {
            low = (low + UInt32(byte)) % 65_521
            high = (high + low) % 65_521
        }
        return output + big(high << 16 | low)
    }

    private static func chunk(_ name: String, _ content: [UInt8]) -> [UInt8] {
        let body = Array(name.utf8) + content
        return big(UInt32(truncatingIfNeeded: content.count)) + body + big(checksum(body))
    }

    private static func big(_ value: UInt32) -> [UInt8] {
        [24, 16, 8, 0].map { UInt8(truncatingIfNeeded: value >> $0) }
    }

    /// CRC-32 as PNG computes it (ISO 3309).
    private static func checksum(_ bytes: [UInt8]) -> UInt32 {
        var sum: UInt32 = ~0
        for byte in bytes {
            sum ^= UInt32(byte)
            for _ in 0..<8 { sum = sum >> 1 ^ (sum & 1 == 1 ? 0xEDB8_8320 : 0) }
        }
        return ~sum
    }

    private static func isLetter(_ byte: UInt8) -> Bool {
        (0x41...0x5A).contains(byte) || (0x61...0x7A).contains(byte)
    }

    private static func isCritical(_ name: ByteReader) -> Bool { (name.u8(0) ?? 0) & 0x20 == 0 }
}
