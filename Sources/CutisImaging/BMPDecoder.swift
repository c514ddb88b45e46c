import CutisCore

/// Decodes Windows and OS/2 bitmaps: 1, 4, 8, 16, 24 and 32 bits, run lengths, colour masks, both row orders.
///
/// libvips has no loader of its own for them: it hands them to ImageMagick, which is blocked here because it was not
/// made for hostile files. The pixels are Pillow's (`BmpImagePlugin`), also for masks that Pillow does not know.
enum BMPDecoder {
    static func decode(
        _ reader: ByteReader, _ subject: ImageSubject, _ options: DecodeOptions
    ) throws(CutisError) -> PixelBuffer {
        do throws(HeaderFault) {
            let header = try BMPHeader.read(reader)
            return try decode(reader, header, options.alpha)
        } catch {
            throw subject.refused(error, .bmp)
        }
    }

    private static func decode(
        _ reader: ByteReader, _ header: BMPHeader, _ alpha: AlphaRule
    ) throws(HeaderFault) -> PixelBuffer {
        switch header.compression {
        case .runLength8: return try indexed(BMPRunLength.decode(reader, header, fourBits: false), header)
        case .runLength4: return try indexed(BMPRunLength.decode(reader, header, fourBits: true), header)
        case .none where header.bits <= 8:
            let rows = try Rows(reader, header)
            return indexed(rows.indices(), header)
        case .none:
            return try Rows(reader, header).masked([0xFF0000, 0xFF00, 0xFF, 0], alpha)
        case .masks(let masks):
            return try Rows(reader, header).masked(masks, alpha)
        }
    }

    /// Looks palette indices up; they come in the file's row order.
    private static func indexed(_ indices: [UInt8], _ header: BMPHeader) -> PixelBuffer {
        PixelBuffer.filled(width: header.width, height: header.height, channels: 3) { output in
            for y in 0..<header.height {
                let row = header.isTopDown ? y : header.height - 1 - y
                var target = output + y * header.width * 3
                for x in 0..<header.width {
                    let colour = Int(indices[row * header.width + x]) * 3
                    for channel in 0..<3 { target[channel] = header.palette[colour + channel] }
                    target += 3
                }
            }
        }
    }
}

/// Uncompressed rows, of which all bytes are known to be there.
private struct Rows {
    let reader: ByteReader
    let header: BMPHeader

    init(_ reader: ByteReader, _ header: BMPHeader) throws(HeaderFault) {
        let lastRow = (header.width * header.bits + 7) / 8
        let needed = header.rowBytes * (header.height - 1) + lastRow
        guard header.pixelOffset + needed <= reader.count else {
            throw .corrupt("it has \(reader.count) bytes of \(header.pixelOffset + needed)")
        }
        self.reader = reader
        self.header = header
    }

    /// The palette index of each pixel, in the file's row order.
    func indices() -> [UInt8] {
        let (width, bits) = (header.width, header.bits)
        let mask = UInt8(truncatingIfNeeded: (1 << bits) - 1)
        return [UInt8](unsafeUninitializedCapacity: width * header.height) { output, count in
            for y in 0..<header.height {
                let row = header.pixelOffset + y * header.rowBytes
                for x in 0..<width {
                    let bit = x * bits
                    output[y * width + x] = reader.bytes[row + bit / 8] >> UInt8(8 - bits - bit % 8) & mask
                }
            }
            count = width * header.height
        }
    }

    /// Pixels of 16, 24 or 32 bits whose colours are where the masks say.
    func masked(_ masks: [UInt32], _ alpha: AlphaRule) throws(HeaderFault) -> PixelBuffer {
        let fields = masks.map(BitField.init)
        guard fields[0].maximum > 0, fields[1].maximum > 0, fields[2].maximum > 0 else {
            throw .corrupt("one of its colour masks is empty")
        }
        let blends = alpha == .white && fields[3].maximum > 0
        let pixelBytes = header.bits / 8
        return PixelBuffer.filled(width: header.width, height: header.height, channels: 3) { output in
            for y in 0..<header.height {
                let row = header.isTopDown ? y : header.height - 1 - y
                let source = header.pixelOffset + row * header.rowBytes
                var target = output + y * header.width * 3
                for x in 0..<header.width {
                    var value: UInt32 = 0
                    for byte in 0..<pixelBytes {
                        value |= UInt32(reader.bytes[source + x * pixelBytes + byte]) << UInt32(byte * 8)
                    }
                    for channel in 0..<3 { target[channel] = fields[channel].sample(value) }
                    if blends { SampleConversion.layOverWhite(target, alpha: fields[3].sample(value)) }
                    target += 3
                }
            }
        }
    }
}

/// The bits of one colour in a pixel.
private struct BitField {
    let shift: UInt32
    let maximum: UInt32

    init(_ mask: UInt32) {
        shift = mask == 0 ? 0 : UInt32(mask.trailingZeroBitCount)
        maximum = mask >> shift
    }

    /// The field scaled to 0…255, truncated as Pillow does. The mask may have holes; the result stays within 255.
    func sample(_ pixel: UInt32) -> UInt8 {
        let value = UInt64(pixel >> shift & maximum) * 255
        return UInt8(truncatingIfNeeded: value / UInt64(max(maximum, 1)))
    }
}
