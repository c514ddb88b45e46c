/// Run-length coded bitmaps (BI_RLE8, BI_RLE4).
enum BMPRunLength {
    /// The palette index of each pixel, in the file's row order. Pixels that the code skips have index 0.
    ///
    /// - Throws: `HeaderFault.corrupt` when the code ends before the image is full and without its end mark.
    static func decode(
        _ reader: ByteReader, _ header: BMPHeader, fourBits: Bool
    ) throws(HeaderFault) -> [UInt8] {
        var canvas = Canvas(width: header.width, height: header.height)
        var offset = header.pixelOffset
        while !canvas.isFull {
            guard let count = reader.u8(offset), let value = reader.u8(offset + 1) else {
                throw .corrupt("its run-length code ends early")
            }
            offset += 2
            if count > 0 {
                canvas.run(count, UInt8(value), fourBits: fourBits)
                continue
            }
            switch value {
            case 0: canvas.nextRow()
            case 1: return canvas.indices
            case 2:
                guard let right = reader.u8(offset), let up = reader.u8(offset + 1) else {
                    throw .corrupt("its run-length code ends early")
                }
                canvas.move(right: right, up: up)
                offset += 2
            default:
                let length = fourBits ? (value + 1) / 2 : value
                guard offset + length <= reader.count else { throw .corrupt("its run-length code ends early") }
                canvas.copy(value, from: reader.bytes, at: offset, fourBits: fourBits)
                // Copied pixels are padded to a whole number of 16-bit words.
                offset += length + length % 2
            }
        }
        return canvas.indices
    }
}

private struct Canvas {
    let width: Int
    let height: Int
    var indices: [UInt8]
    private var x = 0
    private var y = 0

    init(width: Int, height: Int) {
        self.width = width
        self.height = height
        indices = [UInt8](repeating: 0, count: width * height)
    }

    var isFull: Bool { y >= height || (y == height - 1 && x >= width) }

    mutating func nextRow() {
        x = 0
        y += 1
    }

    mutating func move(right: Int, up: Int) {
        x = min(x + right, width)
        y += up
    }

    mutating func run(_ count: Int, _ value: UInt8, fourBits: Bool) {
        for index in 0..<count { put(fourBits ? Self.nibble(value, index) : value) }
    }

    mutating func copy(_ count: Int, from bytes: UnsafeRawBufferPointer, at offset: Int, fourBits: Bool) {
        for index in 0..<count {
            put(fourBits ? Self.nibble(bytes[offset + index / 2], index) : bytes[offset + index])
        }
    }

    /// What reaches beyond the row's end is left out.
    private mutating func put(_ value: UInt8) {
        guard x < width, y < height else { return }
        indices[y * width + x] = value
        x += 1
    }

    private static func nibble(_ byte: UInt8, _ index: Int) -> UInt8 {
        index % 2 == 0 ? byte >> 4 : byte & 0x0F
    }
}
