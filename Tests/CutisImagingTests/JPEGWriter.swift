import CutisImaging
import Foundation

/// A baseline JPEG encoder for tests (ITU-T T.81): one quantiser, no chroma subsampling, Huffman codes of fixed length.
///
/// Only its simplicity counts: what it writes is about four times as large as what real encoders write.
struct JPEGWriter {
    private var bytes: [UInt8] = []
    private var bits: UInt32 = 0
    private var bitCount = 0

    /// The symbols of the AC codes, each eight bits long and numbered in this order: run of zeros and size, end of block,
    /// sixteen zeros.
    private static let symbols: [UInt8] =
        (0..<16).flatMap { run in (1...10).map { UInt8(run << 4 | $0) } } + [0x00, 0xF0]
    private static let codes: [UInt8] = {
        var codes = [UInt8](repeating: 0, count: 256)
        for (code, symbol) in symbols.enumerated() { codes[Int(symbol)] = UInt8(code) }
        return codes
    }()
    private static let zigzag: [Int] = (0..<64).sorted { first, second in
        let (a, b) = ((first / 8, first % 8), (second / 8, second % 8))
        guard a.0 + a.1 == b.0 + b.1 else { return a.0 + a.1 < b.0 + b.1 }
        return (a.0 + a.1).isMultiple(of: 2) ? a.1 < b.1 : a.0 < b.0
    }
    /// The 8-point DCT, orthonormal.
    private static let cosines: [Float] = (0..<64).map { index in
        let (k, n) = (Double(index / 8), Double(index % 8))
        return Float(cos((2 * n + 1) * k * .pi / 16) * (k == 0 ? 0.125 : 0.25).squareRoot())
    }

    /// Encodes an image of one channel (grey) or three (RGB).
    ///
    /// - Parameters:
    ///   - orientation: an EXIF orientation to write; nil writes no EXIF block.
    ///   - quantiser: what every coefficient is divided by.
    static func encode(_ image: PixelBuffer, orientation: Int? = nil, quantiser: Int = 4) -> Data {
        var writer = JPEGWriter()
        writer.writeHeaders(image, orientation, quantiser)
        let planes = writer.planes(image)
        var previous = [Int](repeating: 0, count: planes.count)
        for top in stride(from: 0, to: image.height, by: 8) {
            for left in stride(from: 0, to: image.width, by: 8) {
                for (index, plane) in planes.enumerated() {
                    writer.writeBlock(plane, image, left, top, Float(quantiser), &previous[index])
                }
            }
        }
        writer.put(0x7F, 7)
        return Data(writer.bytes + [0xFF, 0xD9])
    }

    private mutating func writeHeaders(_ image: PixelBuffer, _ orientation: Int?, _ quantiser: Int) {
        bytes = [0xFF, 0xD8]
        if let orientation {
            let entry: [UInt8] = [1, 0x12, 0, 3, 0, 0, 0, 1, 0, UInt8(orientation), 0, 0]
            segment(0xE1, Array("Exif\0\0MM".utf8) + [0, 42, 0, 0, 0, 8, 0, 1] + entry + [0, 0, 0, 0])
        }
        segment(0xDB, [0] + [UInt8](repeating: UInt8(quantiser), count: 64))
        let size = [image.height >> 8, image.height & 255, image.width >> 8, image.width & 255].map(UInt8.init)
        let components = (1...image.channels).map(UInt8.init)
        segment(0xC0, [8] + size + [UInt8(components.count)] + components.flatMap { [$0, 0x11, 0] })
        segment(0xC4, [0x00] + (1...16).map { $0 == 4 ? 12 : 0 } + (0..<12).map(UInt8.init))
        segment(0xC4, [0x10] + (1...16).map { $0 == 8 ? UInt8(Self.symbols.count) : 0 } + Self.symbols)
        segment(0xDA, [UInt8(components.count)] + components.flatMap { [$0, 0] } + [0, 63, 0])
    }

    private mutating func segment(_ marker: UInt8, _ content: [UInt8]) {
        let length = content.count + 2
        bytes += [0xFF, marker, UInt8(length >> 8), UInt8(length & 255)] + content
    }

    /// Luma and chroma around zero, as JFIF has them.
    private func planes(_ image: PixelBuffer) -> [[Float]] {
        let samples = image.pixels
        guard image.channels == 3 else { return [samples.map { Float($0) - 128 }] }
        let weights: [[Float]] = [[0.299, 0.587, 0.114], [-0.168736, -0.331264, 0.5], [0.5, -0.418688, -0.081312]]
        return weights.enumerated().map { index, weight in
            stride(from: 0, to: samples.count, by: 3).map { at in
                let value =
                    Float(samples[at]) * weight[0] + Float(samples[at + 1]) * weight[1]
                    + Float(samples[at + 2]) * weight[2]
                return index == 0 ? value - 128 : value
            }
        }
    }

    private mutating func writeBlock(
        _ plane: [Float], _ image: PixelBuffer, _ left: Int, _ top: Int, _ quantiser: Float, _ previous: inout Int
    ) {
        let block = Self.transform { x, y in
            plane[min(top + y, image.height - 1) * image.width + min(left + x, image.width - 1)]
        }
        let level = Int((block[0] / quantiser).rounded())
        let size = Self.size(level - previous)
        put(UInt32(size), 4)
        putValue(level - previous, size)
        previous = level
        var run = 0
        for position in Self.zigzag.dropFirst() {
            let value = Int((block[position] / quantiser).rounded())
            guard value != 0 else {
                run += 1
                continue
            }
            while run > 15 {
                put(UInt32(Self.codes[0xF0]), 8)
                run -= 16
            }
            put(UInt32(Self.codes[run << 4 | Self.size(value)]), 8)
            putValue(value, Self.size(value))
            run = 0
        }
        if run > 0 { put(UInt32(Self.codes[0x00]), 8) }
    }

    private static func transform(_ sample: (Int, Int) -> Float) -> [Float] {
        var half = [Float](repeating: 0, count: 64)
        for y in 0..<8 {
            for x in 0..<8 {
                let value = sample(x, y)
                for k in 0..<8 { half[y * 8 + k] += value * cosines[k * 8 + x] }
            }
        }
        var block = [Float](repeating: 0, count: 64)
        for y in 0..<8 {
            for k in 0..<8 {
                for column in 0..<8 { block[k * 8 + column] += half[y * 8 + column] * cosines[k * 8 + y] }
            }
        }
        return block
    }

    /// How many bits a number needs without its sign.
    private static func size(_ value: Int) -> Int { Int.bitWidth - abs(value).leadingZeroBitCount }

    private mutating func putValue(_ value: Int, _ size: Int) {
        put(UInt32(truncatingIfNeeded: value < 0 ? value - 1 : value) & (1 << UInt32(size) - 1), size)
    }

    private mutating func put(_ value: UInt32, _ count: Int) {
        bits = bits << UInt32(count) | value
        bitCount += count
        while bitCount >= 8 {
            bitCount -= 8
            let byte = UInt8(truncatingIfNeeded: bits >> UInt32(bitCount))
            bytes.append(byte)
            // Within image data 0xFF is followed by 0.
            if byte == 0xFF { bytes.append(0) }
        }
    }
}
