/// The headers of a Windows or OS/2 bitmap file.
struct BMPHeader {
    /// The second headers that exist: OS/2 1.x, Windows 3, its two extensions, OS/2 2.x, Windows 4 and 5.
    static let sizes: Set<Int> = [12, 40, 52, 56, 64, 108, 124]

    enum Compression {
        case none
        case runLength8
        case runLength4
        /// Where the bits of red, green, blue and alpha are.
        case masks([UInt32])
    }

    let width: Int
    let height: Int
    let isTopDown: Bool
    let bits: Int
    let compression: Compression
    /// Where the pixels start in the file.
    let pixelOffset: Int
    /// 256 × red, green, blue; black where the file has no entry.
    let palette: [UInt8]

    var imageHeader: ImageHeader { ImageHeader(width: width, height: height) }

    /// Bytes from one row to the next; rows start at multiples of 4.
    var rowBytes: Int { (width * bits + 31) / 32 * 4 }

    static func read(_ reader: ByteReader) throws(HeaderFault) -> BMPHeader {
        let cut = HeaderFault.corrupt("it ends within its header")
        guard let offset = reader.u32(10), let size = reader.u32(14) else { throw cut }
        let isCore = size == 12
        guard let width = isCore ? reader.u16(18) : reader.i32(18),
            let height = isCore ? reader.u16(20) : reader.i32(22),
            let bits = reader.u16(isCore ? 24 : 28),
            let code = isCore ? 0 : reader.u32(30),
            let stated = isCore ? 0 : reader.u32(46)
        else { throw cut }
        guard [1, 4, 8, 16, 24, 32].contains(bits) else { throw .unsupported("it has \(bits) bits per pixel") }
        let colours = stated == 0 ? (bits <= 8 ? 1 << bits : 0) : stated
        guard bits > 8 || colours <= 65_536 else { throw .corrupt("it says that its palette has \(colours) colours") }
        let entry = isCore ? 3 : 4
        let headerEnd = 14 + size
        // Some writers forget the palette when they say where the pixels start.
        let pixels = offset == headerEnd && bits <= 8 ? offset + entry * colours : offset
        return BMPHeader(
            width: width, height: abs(height), isTopDown: height < 0, bits: bits,
            compression: try compression(reader, code, bits: bits, headerSize: size),
            pixelOffset: pixels == 0 ? headerEnd : pixels,
            palette: bits <= 8 ? palette(reader, at: headerEnd, entry: entry, count: min(colours, 256)) : [])
    }

    private static func compression(
        _ reader: ByteReader, _ code: Int, bits: Int, headerSize: Int
    ) throws(HeaderFault) -> Compression {
        switch (code, bits) {
        case (0, 16): return .masks([0x7C00, 0x3E0, 0x1F, 0])
        case (0, 32): return .masks([0xFF0000, 0xFF00, 0xFF, 0])
        case (0, _): return .none
        case (1, 8): return .runLength8
        case (2, 4): return .runLength4
        case (3, 16), (3, 24), (3, 32):
            // The masks follow a 40-byte header and are a part of the longer ones, at the same place.
            let count = headerSize >= 56 ? 4 : 3
            var masks = [UInt32](repeating: 0, count: 4)
            for index in 0..<count {
                guard let mask = reader.u32(54 + index * 4) else { throw .corrupt("its colour masks are cut short") }
                masks[index] = UInt32(mask)
            }
            let isEmpty = masks.allSatisfy { $0 == 0 }
            return .masks(isEmpty ? [0xFF0000, 0xFF00, 0xFF, 0xFF00_0000] : masks)
        default:
            throw .unsupported("its compression \(code) with \(bits) bits per pixel is not known")
        }
    }

    private static func palette(_ reader: ByteReader, at start: Int, entry: Int, count: Int) -> [UInt8] {
        var colours = [UInt8](repeating: 0, count: 256 * 3)
        for index in 0..<count {
            let place = start + index * entry
            guard let blue = reader.u8(place), let green = reader.u8(place + 1), let red = reader.u8(place + 2)
            else { break }
            colours[index * 3] = UInt8(red)
            colours[index * 3 + 1] = UInt8(green)
            colours[index * 3 + 2] = UInt8(blue)
        }
        return colours
    }
}
