/// Bounds-checked reads of integers from bytes: every read outside of the bytes is nil.
struct ByteReader {
    let bytes: UnsafeRawBufferPointer
    var isBigEndian = false

    var count: Int { bytes.count }

    func u8(_ offset: Int) -> Int? {
        guard offset >= 0, offset < bytes.count else { return nil }
        return Int(bytes[offset])
    }

    func u16(_ offset: Int) -> Int? {
        guard let raw = load(offset, UInt16.self) else { return nil }
        return Int(isBigEndian ? raw.bigEndian : raw.littleEndian)
    }

    func u24(_ offset: Int) -> Int? {
        guard let low = u8(offset), let middle = u8(offset + 1), let high = u8(offset + 2) else { return nil }
        return isBigEndian ? low << 16 | middle << 8 | high : high << 16 | middle << 8 | low
    }

    func u32(_ offset: Int) -> Int? {
        guard let raw = load(offset, UInt32.self) else { return nil }
        return Int(isBigEndian ? raw.bigEndian : raw.littleEndian)
    }

    func i32(_ offset: Int) -> Int? {
        guard let raw = load(offset, UInt32.self) else { return nil }
        return Int(Int32(bitPattern: isBigEndian ? raw.bigEndian : raw.littleEndian))
    }

    /// Nil also for values that do not fit `Int`.
    func u64(_ offset: Int) -> Int? {
        guard let raw = load(offset, UInt64.self) else { return nil }
        return Int(exactly: isBigEndian ? raw.bigEndian : raw.littleEndian)
    }

    /// Whether the bytes at `offset` are this ASCII text.
    func matches(_ text: StaticString, at offset: Int = 0) -> Bool {
        guard offset >= 0, offset <= bytes.count - text.utf8CodeUnitCount else { return false }
        return text.withUTF8Buffer { expected in
            expected.indices.allSatisfy { bytes[offset + $0] == expected[$0] }
        }
    }

    /// A part of the bytes, clipped to what is there.
    func slice(_ offset: Int, _ length: Int) -> ByteReader {
        let start = min(max(offset, 0), bytes.count)
        let end = start + min(max(length, 0), bytes.count - start)
        return ByteReader(bytes: UnsafeRawBufferPointer(rebasing: bytes[start..<end]), isBigEndian: isBigEndian)
    }

    private func load<T: FixedWidthInteger & BitwiseCopyable>(_ offset: Int, _ type: T.Type) -> T? {
        guard offset >= 0, offset <= bytes.count - MemoryLayout<T>.size else { return nil }
        return bytes.loadUnaligned(fromByteOffset: offset, as: type)
    }
}
