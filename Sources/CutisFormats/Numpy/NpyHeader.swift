import CutisCore

/// The header of a `.npy` file, versions 1 to 3 (NumPy Enhancement Proposal 1; `numpy.lib.format`).
struct NpyHeader {
    /// Bytes before the numbers.
    let dataStart: Int
    let shape: [Int]
    let fortranOrder: Bool
    let bigEndian: Bool
    /// nil where Cutis does not read the type; `typeName` says which.
    let elementType: ElementType?
    let typeName: String

    /// The longest header that is accepted; NumPy itself stops at 10,000 characters.
    static let maximumLength = 1 << 16

    /// The first bytes of every file.
    static let magic: [UInt8] = [0x93, 0x4E, 0x55, 0x4D, 0x50, 0x59]

    /// Reads a header from the beginning of a file.
    init(_ bytes: ByteRegion) throws(FormatFault) {
        guard bytes.matches(Self.magic), let major = bytes[6] else { throw FormatFault("it has no NumPy signature") }
        let length: Int
        let start: Int
        switch major {
        case 1:
            length = Int(bytes.integer(UInt16.self, at: 8) ?? 0)
            start = 10
        case 2, 3:
            length = Int(bytes.integer(UInt32.self, at: 8) ?? 0)
            start = 12
        default: throw FormatFault("its format version is \(major)", code: .checkpointUnsupported)
        }
        guard length <= Self.maximumLength, let text = bytes.slice(at: start, count: length) else {
            throw FormatFault("its header claims \(length) bytes")
        }
        var literal = NpyLiteral(text)
        let header = try literal.header()
        dataStart = start + length
        shape = header.shape
        fortranOrder = header.fortranOrder
        typeName = header.type
        guard header.type != "|O" else {
            throw FormatFault("it holds Python objects (a pickle), not numbers", code: .checkpointUnsafe)
        }
        bigEndian = header.type.hasPrefix(">")
        elementType = Self.elementType(header.type)
    }

    /// The type behind a NumPy name such as `<f4`.
    private static func elementType(_ name: String) -> ElementType? {
        let kind = name.drop { "<>|=".contains($0) }
        switch kind {
        case "f8": return .float64
        case "f4": return .float32
        case "f2": return .float16
        case "i8": return .int64
        case "i4": return .int32
        case "i2": return .int16
        case "i1": return .int8
        case "u1": return .uint8
        case "b1": return .bool
        default: return nil
        }
    }

    /// Why an array without `elementType` is refused.
    var unsupportedReason: String { "its element type \(quoted(typeName)) is not supported" }

    /// The tensor that the header describes, or nil where its type is not supported.
    func describe(_ name: String) throws(FormatFault) -> TensorDescription? {
        guard let elementType else { return nil }
        guard let tensor = TensorDescription(name: name, elementType: elementType, shape: shape) else {
            throw FormatFault("array \(quoted(name)) has an impossible shape \(shape)")
        }
        return tensor
    }

    /// The bytes of the array as the file has them; they must fill the file to its end.
    func stored(in file: ByteRegion, as tensor: TensorDescription) throws(FormatFault) -> ByteRegion {
        guard let bytes = file.slice(at: dataStart, count: tensor.byteCount),
            file.count - dataStart == bytes.count
        else {
            throw FormatFault(
                "its array of shape \(shape) and type \(typeName) needs \(tensor.byteCount) bytes and has "
                    + "\(max(0, file.count - dataStart))")
        }
        return bytes
    }

    /// The bytes of the array, row-major and little-endian.
    func data(in file: ByteRegion, as tensor: TensorDescription) throws(FormatFault) -> ByteRegion {
        var bytes = try stored(in: file, as: tensor)
        let width = tensor.elementType.byteWidth
        if bigEndian, width > 1 { bytes = try Strided.swapped(bytes, width: width) }
        guard fortranOrder, shape.count > 1 else { return bytes }
        return try Strided.copy(
            bytes, width: width, offset: 0, shape: shape, strides: Strided.columnMajor(shape))
    }
}
