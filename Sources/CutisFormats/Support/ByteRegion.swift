/// A bounded view of bytes together with what keeps them alive. Every access is checked.
///
/// `@unchecked Sendable`: the bytes are never written after the owner has handed them out.
package struct ByteRegion: @unchecked Sendable {
    /// What keeps the bytes alive.
    package let owner: any AnyObject & Sendable
    /// The first byte; valid for `count` bytes while `owner` lives.
    package let base: UnsafeRawPointer
    /// How many bytes there are.
    package let count: Int

    /// A view of `count` bytes at `base`, which live as long as `owner`.
    init(owner: any AnyObject & Sendable, base: UnsafeRawPointer, count: Int) {
        self.owner = owner
        self.base = base
        self.count = count
    }

    /// A copy of an array, for parsers that work on bytes in memory.
    package init(_ bytes: [UInt8]) throws(FormatFault) {
        let copy = try HeapBytes(count: bytes.count)
        copy.fill { $0.copyBytes(from: bytes) }
        self = copy.region
    }

    /// Whether `length` bytes exist at `offset`.
    package func holds(_ length: Int, at offset: Int) -> Bool {
        offset >= 0 && length >= 0 && offset <= count && length <= count - offset
    }

    /// The byte at an offset, or nil beyond the end.
    package subscript(offset: Int) -> UInt8? {
        guard offset >= 0, offset < count else { return nil }
        return withExtendedLifetime(owner) { base.load(fromByteOffset: offset, as: UInt8.self) }
    }

    /// The little-endian integer at an offset, or nil where it does not fit.
    package func integer<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at offset: Int) -> T? {
        guard holds(T.bitWidth / 8, at: offset) else { return nil }
        return withExtendedLifetime(owner) {
            T(littleEndian: base.loadUnaligned(fromByteOffset: offset, as: T.self))
        }
    }

    /// A part of the bytes, or nil where it does not fit.
    package func slice(at offset: Int, count length: Int) -> ByteRegion? {
        guard holds(length, at: offset) else { return nil }
        return ByteRegion(owner: owner, base: base + offset, count: length)
    }

    /// Whether the bytes at an offset are exactly these.
    package func matches(_ expected: [UInt8], at offset: Int = 0) -> Bool {
        guard holds(expected.count, at: offset) else { return false }
        return withUnsafeBytes { bytes in
            expected.indices.allSatisfy { bytes[offset + $0] == expected[$0] }
        }
    }

    /// The text at an offset, or nil where it does not fit or is not UTF-8.
    package func text(at offset: Int = 0, count length: Int? = nil) -> String? {
        let length = length ?? (count - offset)
        guard holds(length, at: offset) else { return nil }
        return withUnsafeBytes { String(validating: $0[offset..<offset + length], as: UTF8.self) }
    }

    /// Lends the bytes for the time of the call.
    package func withUnsafeBytes<R, E>(_ body: (UnsafeRawBufferPointer) throws(E) -> R) throws(E) -> R {
        defer { withExtendedLifetime(owner) {} }
        return try body(UnsafeRawBufferPointer(start: base, count: count))
    }

    /// The same bytes in fresh memory.
    func copied() throws(FormatFault) -> ByteRegion {
        let copy = try HeapBytes(count: count)
        withUnsafeBytes { source in copy.fill { $0.copyMemory(from: source) } }
        return copy.region
    }
}
