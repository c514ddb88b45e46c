import CutisCore
import Glibc

/// Memory for bytes that cannot be mapped: decompressed, transposed or misaligned ones.
///
/// Aligned to 64 bytes (a cache line, and what vector kernels like). Filled once before `region` is handed out.
final class HeapBytes: Sendable {
    // Written only through `fill`, by the code that made this object and before it shares `region`.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer
    let count: Int

    /// Allocates `count` bytes, whose content is undefined until `fill` has written every one of them.
    ///
    /// The caller has checked that the file at hand justifies the size.
    init(count: Int) throws(FormatFault) {
        guard count >= 0, count <= Int.max - 64 else { throw FormatFault("\(count) bytes", code: .outOfMemory) }
        var pointer: UnsafeMutableRawPointer?
        guard posix_memalign(&pointer, 64, max(count, 64)) == 0, let pointer else {
            throw FormatFault("\(count) bytes are needed", code: .outOfMemory)
        }
        base = pointer
        self.count = count
    }

    deinit { free(base) }

    /// Lets the maker write the bytes.
    func fill<R, E>(_ body: (UnsafeMutableRawBufferPointer) throws(E) -> R) throws(E) -> R {
        try body(UnsafeMutableRawBufferPointer(start: base, count: count))
    }

    /// The bytes, read-only from here on.
    var region: ByteRegion { ByteRegion(owner: self, base: base, count: count) }
}
