import CutisCore

/// Checked access to the bytes of an HDF5 file, with a budget of steps.
///
/// Every structure of an HDF5 file points at others by address, so a hostile file can hold cycles and a small file
/// can unfold to endless ones. The budget, a little more than the bytes in the file, bounds the whole walk.
struct HDF5Cursor {
    let bytes: ByteRegion
    private var budget: Int

    init(_ bytes: ByteRegion) {
        self.bytes = bytes
        budget = min(bytes.count + 10_000, 20_000_000)
    }

    /// Uses up steps.
    mutating func spend(_ steps: Int = 1) throws(FormatFault) {
        budget -= steps
        guard budget >= 0 else {
            throw FormatFault("its structures refer to each other without end", code: .checkpointUnsafe)
        }
    }

    /// The integer at an address.
    func number<T: FixedWidthInteger & BitwiseCopyable>(_ type: T.Type, at address: Int) throws(FormatFault) -> T {
        guard let value = bytes.integer(type, at: address) else { throw Self.beyondEnd(address) }
        return value
    }

    /// A length or address of 8 bytes that must be inside the file.
    func length(at address: Int) throws(FormatFault) -> Int {
        guard let value = try optionalLength(at: address) else { throw Self.beyondEnd(address) }
        return value
    }

    /// As `length(at:)`; nil where it is undefined (all ones).
    func optionalLength(at address: Int) throws(FormatFault) -> Int? {
        let value = try number(UInt64.self, at: address)
        guard value != .max else { return nil }
        guard value <= bytes.count else {
            throw FormatFault("it refers to byte \(value) and has only \(bytes.count)")
        }
        return Int(value)
    }

    /// Part of the file.
    func slice(at address: Int, count: Int) throws(FormatFault) -> ByteRegion {
        guard let slice = bytes.slice(at: address, count: count) else { throw Self.beyondEnd(address) }
        return slice
    }

    /// Checks a four-letter signature.
    func expect(_ signature: String, at address: Int) throws(FormatFault) {
        guard bytes.matches(Array(signature.utf8), at: address) else {
            throw FormatFault("it has no \(signature) structure at byte \(address)")
        }
    }

    private static func beyondEnd(_ address: Int) -> FormatFault {
        FormatFault("it is cut short: a structure at byte \(address) reaches beyond its end")
    }
}
