/// Where a dataset keeps its numbers.
enum HDF5Layout {
    case bytes(ByteRegion)
    case neverWritten
    case other(String)

    /// Reads a layout message, versions 3 and 4.
    init(_ message: ByteRegion, _ cursor: HDF5Cursor) throws(FormatFault) {
        guard let version = message[0], let kind = message[1] else {
            throw FormatFault("a dataset layout is cut short")
        }
        guard version == 3 || version == 4 else {
            self = .other("of layout version \(version)")
            return
        }
        switch kind {
        case 0:
            guard let size = message.integer(UInt16.self, at: 2), let data = message.slice(at: 4, count: Int(size))
            else {
                throw FormatFault("a compact dataset is cut short")
            }
            self = .bytes(data)
        case 1:
            guard let address = message.integer(UInt64.self, at: 2), let size = message.integer(UInt64.self, at: 10)
            else {
                throw FormatFault("a dataset layout is cut short")
            }
            guard address != .max else {
                self = .neverWritten
                return
            }
            guard let start = Int(exactly: address), let count = Int(exactly: size) else {
                throw FormatFault("a dataset lies beyond the end of the file")
            }
            self = .bytes(try cursor.slice(at: start, count: count))
        case 2: self = .other("in chunks")
        case 3: self = .other("a view of other datasets")
        default: throw FormatFault("a dataset has the unknown layout \(kind)")
        }
    }
}
