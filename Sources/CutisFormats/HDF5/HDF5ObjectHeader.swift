import CutisCore

/// One message of an HDF5 object header.
struct HDF5Message {
    let kind: Kind
    let data: ByteRegion

    /// The messages that this reader knows; the raw value is the type in the file.
    enum Kind: UInt16 {
        case dataspace = 0x01
        case linkInfo = 0x02
        case datatype = 0x03
        case link = 0x06
        case externalFiles = 0x07
        case layout = 0x08
        case filters = 0x0B
        case attribute = 0x0C
        case continuation = 0x10
        case symbolTable = 0x11
    }
}

/// The messages of one object (a group or a dataset); header version 1.
struct HDF5ObjectHeader {
    private(set) var messages: [HDF5Message] = []

    init(_ cursor: inout HDF5Cursor, at address: Int) throws(FormatFault) {
        guard !cursor.bytes.matches(Array("OHDR".utf8), at: address) else { throw HDF5Superblock.newer }
        guard try cursor.number(UInt8.self, at: address) == 1 else {
            throw FormatFault("it has no object header at byte \(address)")
        }
        let count = Int(try cursor.number(UInt16.self, at: address + 2))
        let size = Int(try cursor.number(UInt32.self, at: address + 8))
        var blocks = [try cursor.slice(at: address + 16, count: size)]
        var seen = 0
        while let block = blocks.popLast() {
            var position = 0
            while seen < count, block.holds(8, at: position) {
                try cursor.spend()
                seen += 1
                let length = Int(block.integer(UInt16.self, at: position + 2) ?? 0)
                let flags = block[position + 4] ?? 0
                guard let data = block.slice(at: position + 8, count: length) else {
                    throw FormatFault("the object header at byte \(address) is cut short")
                }
                position += 8 + length
                guard let kind = HDF5Message.Kind(rawValue: block.integer(UInt16.self, at: position - 8 - length) ?? 0)
                else { continue }
                guard flags & 2 == 0 else {
                    throw FormatFault("it shares types between objects", code: .checkpointUnsupported)
                }
                if kind == .continuation {
                    let inner = HDF5Cursor(data)
                    guard let start = Int(exactly: try inner.number(UInt64.self, at: 0)),
                        let extent = Int(exactly: try inner.number(UInt64.self, at: 8))
                    else { throw FormatFault("the object header at byte \(address) goes on beyond the file") }
                    blocks.append(try cursor.slice(at: start, count: extent))
                } else {
                    messages.append(HDF5Message(kind: kind, data: data))
                }
            }
        }
        guard seen == count else { throw FormatFault("the object header at byte \(address) lacks messages") }
    }

    /// The first message of a kind.
    func first(_ kind: HDF5Message.Kind) -> ByteRegion? {
        messages.first { $0.kind == kind }?.data
    }
}
