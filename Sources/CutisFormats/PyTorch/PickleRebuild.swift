import CutisCore

/// What the allowed Python names do when a pickle calls them.
extension PickleArena {
    /// Applies a name to its arguments; makes data, runs nothing.
    mutating func apply(_ global: PickleGlobal, _ arguments: [Int]) throws(FormatFault) -> Int {
        switch global {
        case .orderedDictionary: return try makeDictionary(arguments)
        case .set: return try addList(arguments.first.flatMap(items) ?? [])
        case .rebuildTensor, .rebuildTensorV2:
            return try add(.tensor(try tensor(arguments, typeArgument: nil)))
        case .rebuildTensorV3:
            return try add(.tensor(try tensor(arguments, typeArgument: 6)))
        case .rebuildParameter:
            guard let value = arguments.first, case .tensor = nodes[value] else {
                throw FormatFault("its pickle makes a parameter of something that is not a tensor")
            }
            return value
        case .rebuildFromType: return try rebuildFromType(arguments)
        case .size: return try size(arguments)
        case .device: return try add(.text(arguments.first.flatMap(text) ?? "device"))
        case .numpyType:
            guard let kind = arguments.first.flatMap(text) else { throw wrongArguments("numpy.dtype") }
            return try add(.numpyType(kind, bigEndian: kind.hasPrefix(">")))
        case .numpyScalar: return try add(numpyScalar(arguments))
        case .numpyReconstruct: return try add(.opaque("a NumPy array"))
        case .encode:
            guard let source = arguments.first, text(source) != nil else { throw wrongArguments("_codecs.encode") }
            return try add(.encodedText(source))
        case .bytes: return try add(.opaque("bytes"))
        case .storage, .elementType, .tensorClass, .numpyArrayClass:
            throw FormatFault("its pickle calls a class that holds no data of its own", code: .checkpointUnsafe)
        }
    }

    /// The storage that a persistent id describes: ('storage', class, key, location, count).
    func storage(from node: Int) throws(FormatFault) -> PickleStorage {
        guard case .tuple(let parts) = nodes[node], parts.count == 5, text(parts[0]) == "storage",
            case .global(.storage(let className, let elementType)) = nodes[parts[1]], let key = text(parts[2]),
            let count = integer(parts[4]), count >= 0
        else { throw FormatFault("its pickle has a persistent id that is not a storage") }
        return PickleStorage(key: key, elementType: elementType, className: className, count: count)
    }

    private func wrongArguments(_ name: String) -> FormatFault {
        FormatFault("its pickle calls \(name) with unexpected arguments")
    }

    private func items(_ node: Int) -> [Int]? {
        switch nodes[node] {
        case .list(let list): lists[list]
        case .tuple(let items): items
        default: nil
        }
    }

    /// `OrderedDict()` or `OrderedDict([(key, value), …])`.
    private mutating func makeDictionary(_ arguments: [Int]) throws(FormatFault) -> Int {
        guard let source = arguments.first else { return try addDictionary([]) }
        if case .dictionary(let dictionary) = nodes[source] { return try addDictionary(dictionaries[dictionary]) }
        var pairs: [(key: Int, value: Int)] = []
        for pair in items(source) ?? [] {
            guard let parts = items(pair), parts.count == 2 else { throw wrongArguments("collections.OrderedDict") }
            pairs.append((parts[0], parts[1]))
        }
        return try addDictionary(pairs)
    }

    /// `_rebuild_tensor*(storage, offset, size, stride, …)`; version 3 names the element type.
    private mutating func tensor(_ arguments: [Int], typeArgument: Int?) throws(FormatFault) -> PickleTensor {
        guard arguments.count >= 4, case .storage(let storage) = nodes[arguments[0]],
            let offset = integer(arguments[1]), let shape = integers(arguments[2]),
            let strides = integers(arguments[3])
        else { throw wrongArguments("torch._utils._rebuild_tensor") }
        try charge(shape.count + strides.count)
        guard offset >= 0, TensorDescription.elementCount(shape) != nil,
            Strided.extent(offset: offset, shape: shape, strides: strides) != nil
        else { throw FormatFault("its pickle has a tensor with an impossible shape, stride or offset") }
        var elementType = storage.elementType
        var typeName = storage.className
        if let typeArgument {
            guard arguments.count > typeArgument,
                case .global(.elementType(let name, let type)) = nodes[arguments[typeArgument]]
            else { throw wrongArguments("torch._utils._rebuild_tensor_v3") }
            elementType = type
            typeName = name
        }
        let unsupported = elementType == nil ? "its element type \(quoted(typeName)) is not supported" : nil
        return PickleTensor(
            storage: storage, elementType: elementType, unsupported: unsupported, offset: offset, shape: shape,
            strides: strides)
    }

    /// `_rebuild_from_type_v2(function, type, arguments, state)`: a tensor that had attributes set on it.
    private mutating func rebuildFromType(_ arguments: [Int]) throws(FormatFault) -> Int {
        guard arguments.count == 4, case .global(let function) = nodes[arguments[0]],
            case .global(.tensorClass) = nodes[arguments[1]], case .tuple(let inner) = nodes[arguments[2]]
        else { throw wrongArguments("torch._tensor._rebuild_from_type_v2") }
        switch function {
        case .rebuildTensor, .rebuildTensorV2, .rebuildTensorV3, .rebuildParameter:
            return try apply(function, inner)
        default: throw wrongArguments("torch._tensor._rebuild_from_type_v2")
        }
    }

    private mutating func size(_ arguments: [Int]) throws(FormatFault) -> Int {
        guard let source = arguments.first, let items = items(source) else { throw wrongArguments("torch.Size") }
        try charge(items.count)
        return try add(.tuple(items))
    }

    /// A NumPy number such as a best score: `scalar(dtype, bytes)`.
    private func numpyScalar(_ arguments: [Int]) throws(FormatFault) -> PickleNode {
        guard arguments.count == 2, case .numpyType(let kind, let bigEndian) = nodes[arguments[0]] else {
            throw wrongArguments("numpy scalar")
        }
        guard !bigEndian, let bytes = shortBytes(arguments[1]) else { return .opaque("a NumPy scalar") }
        let bits = bytes.enumerated().reduce(UInt64(0)) { $0 | UInt64($1.element) << UInt64(8 * $1.offset) }
        switch (kind, bytes.count) {
        case ("f8", 8): return .real(Double(bitPattern: bits))
        case ("f4", 4): return .real(Double(Float(bitPattern: UInt32(truncatingIfNeeded: bits))))
        case ("i8", 8): return .integer(Int(truncatingIfNeeded: bits))
        case ("i4", 4): return .integer(Int(Int32(truncatingIfNeeded: bits)))
        case ("i2", 2): return .integer(Int(Int16(truncatingIfNeeded: bits)))
        case ("i1", 1): return .integer(Int(Int8(truncatingIfNeeded: bits)))
        case ("u1", 1), ("u2", 2), ("u4", 4): return .integer(Int(bits))
        case ("b1", 1): return .bool(bits != 0)
        default: return .opaque("a NumPy scalar")
        }
    }

    /// At most 8 bytes, stored as bytes or as Latin-1 text.
    private func shortBytes(_ node: Int) -> [UInt8]? {
        switch nodes[node] {
        case .bytes(let bytes):
            return bytes.count <= 8 ? bytes.withUnsafeBytes { Array($0) } : nil
        case .encodedText(let source):
            guard let text = text(source), text.utf8.count <= 16 else { return nil }
            let scalars = Array(text.unicodeScalars)
            guard scalars.count <= 8, scalars.allSatisfy({ $0.value < 256 }) else { return nil }
            return scalars.map { UInt8($0.value) }
        default: return nil
        }
    }
}
