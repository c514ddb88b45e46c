import CutisCore

/// A text attribute of a group or dataset.
struct HDF5Attribute {
    let name: String
    /// nil for attributes that are not one single text.
    let text: String?

    /// Reads an attribute message, versions 1 to 3.
    init(_ message: ByteRegion, _ cursor: inout HDF5Cursor) throws(FormatFault) {
        guard let version = message[0], let flags = message[1], (1...3).contains(version),
            let nameSize = message.integer(UInt16.self, at: 2), let typeSize = message.integer(UInt16.self, at: 4),
            let spaceSize = message.integer(UInt16.self, at: 6)
        else { throw FormatFault("an attribute is cut short or of an unknown version") }
        guard version == 1 || flags == 0 else {
            throw FormatFault("it shares types between objects", code: .checkpointUnsupported)
        }
        // Version 1 pads each part to 8 bytes; version 3 has one more byte for the character set.
        func padded(_ size: UInt16) -> Int { version == 1 ? (Int(size) + 7) / 8 * 8 : Int(size) }
        let nameStart = version == 3 ? 9 : 8
        let typeStart = nameStart + padded(nameSize)
        let spaceStart = typeStart + padded(typeSize)
        let dataStart = spaceStart + padded(spaceSize)
        guard let nameBytes = message.slice(at: nameStart, count: Int(nameSize)),
            let type = message.slice(at: typeStart, count: Int(typeSize)),
            let space = message.slice(at: spaceStart, count: Int(spaceSize)),
            let data = message.slice(at: dataStart, count: max(0, message.count - dataStart))
        else { throw FormatFault("an attribute is cut short") }
        name = try Self.zeroTerminated(nameBytes)
        let shape = try HDF5Dataspace(space).shape
        let isSingle = shape.map { TensorDescription.elementCount($0) == 1 } ?? false
        text = isSingle ? try Self.text(try HDF5Type(type), data, &cursor) : nil
    }

    private static func text(
        _ type: HDF5Type, _ data: ByteRegion, _ cursor: inout HDF5Cursor
    ) throws(FormatFault) -> String? {
        switch type {
        case .fixedText(let byteCount):
            guard let bytes = data.slice(at: 0, count: byteCount) else {
                throw FormatFault("an attribute is cut short")
            }
            try cursor.spend(byteCount / 8)
            return try zeroTerminated(bytes)
        case .variableText:
            guard let length = data.integer(UInt32.self, at: 0), let address = data.integer(UInt64.self, at: 4),
                let index = data.integer(UInt32.self, at: 12)
            else { throw FormatFault("an attribute is cut short") }
            guard length > 0 else { return "" }
            return try globalText(at: address, index: index, length: Int(length), &cursor)
        default: return nil
        }
    }

    /// Text of variable length lies in a global heap collection, under a number.
    private static func globalText(
        at address: UInt64, index: UInt32, length: Int, _ cursor: inout HDF5Cursor
    ) throws(FormatFault) -> String {
        guard let start = Int(exactly: address) else { throw FormatFault("a text lies beyond the end of the file") }
        try cursor.expect("GCOL", at: start)
        let end = try cursor.length(at: start + 8)
        let heap = try cursor.slice(at: start, count: end)
        var position = 16
        while let number = heap.integer(UInt16.self, at: position),
            let size = heap.integer(UInt64.self, at: position + 8).flatMap(Int.init(exactly:)), number != 0
        {
            try cursor.spend()
            guard let object = heap.slice(at: position + 16, count: size) else { break }
            if UInt32(number) == index {
                guard length <= size, let bytes = object.slice(at: 0, count: length) else { break }
                try cursor.spend(length / 8)
                return try zeroTerminated(bytes)
            }
            position += 16 + (size + 7) / 8 * 8
        }
        throw FormatFault("a text in the collection at byte \(start) is missing or cut short")
    }

    /// The text before the first zero byte.
    static func zeroTerminated(_ bytes: ByteRegion) throws(FormatFault) -> String {
        let length = bytes.withUnsafeBytes { $0.firstIndex(of: 0) ?? $0.count }
        guard let text = bytes.text(at: 0, count: length) else { throw FormatFault("it has text that is not UTF-8") }
        return text
    }
}
