import CutisCore

/// Where the structures of an HDF5 file begin.
struct HDF5Superblock {
    /// The address of the root group's object header.
    let root: Int

    static let newer = FormatFault(
        "it uses the newer HDF5 structures (h5py's libver other than the default)", code: .checkpointUnsupported)

    init(_ cursor: HDF5Cursor) throws(FormatFault) {
        let signature: [UInt8] = [0x89, 0x48, 0x44, 0x46, 0x0D, 0x0A, 0x1A, 0x0A]
        guard cursor.bytes.matches(signature) else { throw FormatFault("it has no HDF5 signature") }
        let version = try cursor.number(UInt8.self, at: 8)
        guard version != 2, version != 3 else { throw Self.newer }
        guard version <= 1 else { throw FormatFault("its superblock has the unknown version \(version)") }
        let offsetSize = try cursor.number(UInt8.self, at: 13)
        let lengthSize = try cursor.number(UInt8.self, at: 14)
        guard offsetSize == 8, lengthSize == 8 else {
            throw FormatFault(
                "its addresses have \(offsetSize) and \(lengthSize) bytes, not 8", code: .checkpointUnsupported)
        }
        // Version 1 has four more bytes before the addresses.
        let start = version == 0 ? 24 : 28
        guard try cursor.number(UInt64.self, at: start) == 0 else {
            throw FormatFault("its structures do not begin at its first byte", code: .checkpointUnsupported)
        }
        let end = try cursor.number(UInt64.self, at: start + 16)
        guard end <= cursor.bytes.count else {
            throw FormatFault("it is cut short: it should have \(end) bytes and has \(cursor.bytes.count)")
        }
        root = try cursor.length(at: start + 40)
    }
}
