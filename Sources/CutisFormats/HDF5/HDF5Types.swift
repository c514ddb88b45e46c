import CutisCore

/// The type of a dataset's or an attribute's elements.
enum HDF5Type {
    case element(ElementType)
    /// Two bytes without a meaning of their own; Keras stores bfloat16 so and says it in an attribute.
    case twoBytes
    case fixedText(byteCount: Int)
    case variableText
    case other(String)

    /// Reads a datatype message.
    init(_ message: ByteRegion) throws(FormatFault) {
        guard let head = message[0], let bits = message[1], let size = message.integer(UInt32.self, at: 4) else {
            throw FormatFault("a datatype is cut short")
        }
        switch head & 0x0F {
        case 0: self = Self.integer(size: Int(size), bits: bits)
        case 1: self = Self.floatingPoint(message, size: Int(size), bits: bits)
        case 3: self = .fixedText(byteCount: Int(size))
        case 5 where size == 2: self = .twoBytes
        case 8: self = Self.enumeration(message)
        case 9 where bits & 0x0F == 1: self = .variableText
        default: self = .other("HDF5 class \(head & 0x0F) of \(size) bytes")
        }
    }

    private static func integer(size: Int, bits: UInt8) -> HDF5Type {
        let isSigned = bits & 8 != 0
        if bits & 1 != 0, size > 1 { return .other("big-endian integer of \(size) bytes") }
        switch (size, isSigned) {
        case (8, true): return .element(.int64)
        case (4, true): return .element(.int32)
        case (2, true): return .element(.int16)
        case (1, true): return .element(.int8)
        case (1, false): return .element(.uint8)
        default: return .other("unsigned integer of \(size) bytes")
        }
    }

    /// Tells the IEEE types and bfloat16 apart by the places of exponent and mantissa.
    private static func floatingPoint(_ message: ByteRegion, size: Int, bits: UInt8) -> HDF5Type {
        guard bits & 1 == 0 else { return .other("big-endian float of \(size) bytes") }
        let layout = (12..<16).map { message[$0] ?? 0 }
        let bias = message.integer(UInt32.self, at: 16) ?? 0
        switch (size, layout, bias) {
        case (8, [52, 11, 0, 52], 1023): return .element(.float64)
        case (4, [23, 8, 0, 23], 127): return .element(.float32)
        case (2, [10, 5, 0, 10], 15): return .element(.float16)
        case (2, [7, 8, 0, 7], 127): return .element(.bfloat16)
        default: return .other("float of \(size) bytes")
        }
    }

    /// h5py stores truth values as an enumeration of FALSE and TRUE over one-byte integers.
    private static func enumeration(_ message: ByteRegion) -> HDF5Type {
        let memberCount = message.integer(UInt16.self, at: 1) ?? 0
        let names: [UInt8] = Array("FALSE\0\0\0TRUE\0\0\0\0".utf8) + [0, 1]
        guard memberCount == 2, message[8].map({ $0 & 0x0F }) == 0, message.integer(UInt32.self, at: 12) == 1,
            message.matches(names, at: 20)
        else { return .other("enumeration") }
        return .element(.bool)
    }
}

/// The shape of a dataset or an attribute.
struct HDF5Dataspace {
    /// nil for a dataspace without elements of any kind (`H5S_NULL`).
    let shape: [Int]?

    /// Reads a dataspace message.
    init(_ message: ByteRegion) throws(FormatFault) {
        guard let version = message[0], let rank = message[1], version == 1 || version == 2 else {
            throw FormatFault("a dataspace has an unknown version")
        }
        guard rank <= 32 else { throw FormatFault("a dataspace has \(rank) dimensions") }
        guard version == 1 || message[3] != 2 else {
            shape = nil
            return
        }
        let start = version == 1 ? 8 : 4
        var sizes: [Int] = []
        for axis in 0..<Int(rank) {
            guard let size = message.integer(UInt64.self, at: start + 8 * axis), let size = Int(exactly: size) else {
                throw FormatFault("a dataspace is cut short or has an impossible size")
            }
            sizes.append(size)
        }
        guard TensorDescription.elementCount(sizes) != nil else {
            throw FormatFault("a dataspace has the impossible shape \(sizes)")
        }
        shape = sizes
    }
}
