/// The Python names that a checkpoint may mention, and what they mean here. Nothing else is ever looked up, and
/// nothing is ever run: each has a Swift meaning of its own.
enum PickleGlobal {
    case orderedDictionary
    case set
    case bytes
    case rebuildTensor, rebuildTensorV2, rebuildTensorV3
    case rebuildParameter
    case rebuildFromType
    case storage(String, ElementType?)
    case elementType(String, ElementType?)
    case tensorClass
    case size
    case device
    case numpyScalar, numpyType, numpyArrayClass, numpyReconstruct
    case encode

    /// Looks a name up in the allow-list.
    init?(module: String, name: String) {
        switch (module, name) {
        case ("collections", "OrderedDict"), ("collections", "Counter"): self = .orderedDictionary
        case ("builtins", "set"), ("__builtin__", "set"): self = .set
        case ("builtins", "bytearray"), ("__builtin__", "bytearray"): self = .bytes
        case ("torch._utils", "_rebuild_tensor"): self = .rebuildTensor
        case ("torch._utils", "_rebuild_tensor_v2"): self = .rebuildTensorV2
        case ("torch._utils", "_rebuild_tensor_v3"): self = .rebuildTensorV3
        case ("torch._utils", "_rebuild_parameter"), ("torch._utils", "_rebuild_parameter_with_state"):
            self = .rebuildParameter
        case ("torch._tensor", "_rebuild_from_type_v2"): self = .rebuildFromType
        case ("torch", "Tensor"), ("torch.nn.parameter", "Parameter"), ("torch.nn.parameter", "Buffer"):
            self = .tensorClass
        case ("torch", "Size"): self = .size
        case ("torch", "device"): self = .device
        case ("torch.storage", "UntypedStorage"), ("torch", "UntypedStorage"): self = .storage("UntypedStorage", nil)
        case ("torch", _) where Self.storages.keys.contains(name): self = .storage(name, Self.storages[name] ?? nil)
        case ("torch", _) where Self.elementTypes.keys.contains(name):
            self = .elementType(name, Self.elementTypes[name] ?? nil)
        case ("numpy.core.multiarray", "scalar"), ("numpy._core.multiarray", "scalar"): self = .numpyScalar
        case ("numpy.core.multiarray", "_reconstruct"), ("numpy._core.multiarray", "_reconstruct"):
            self = .numpyReconstruct
        case ("numpy", "dtype"): self = .numpyType
        case ("numpy", "ndarray"): self = .numpyArrayClass
        case ("_codecs", "encode"): self = .encode
        default: return nil
        }
    }

    private static let storages: [String: ElementType?] = [
        "DoubleStorage": .float64, "FloatStorage": .float32, "HalfStorage": .float16, "BFloat16Storage": .bfloat16,
        "LongStorage": .int64, "IntStorage": .int32, "ShortStorage": .int16, "CharStorage": .int8,
        "ByteStorage": .uint8, "BoolStorage": .bool, "ComplexFloatStorage": nil, "ComplexDoubleStorage": nil,
        "QInt8Storage": nil, "QInt32Storage": nil, "QUInt8Storage": nil, "QUInt4x2Storage": nil,
        "QUInt2x4Storage": nil,
    ]

    private static let elementTypes: [String: ElementType?] = [
        "float64": .float64, "float32": .float32, "float16": .float16, "bfloat16": .bfloat16, "int64": .int64,
        "int32": .int32, "int16": .int16, "int8": .int8, "uint8": .uint8, "bool": .bool, "uint16": nil,
        "uint32": nil, "uint64": nil, "complex32": nil, "complex64": nil, "complex128": nil, "qint8": nil,
        "qint32": nil, "quint8": nil, "quint4x2": nil, "quint2x4": nil, "float8_e4m3fn": nil,
        "float8_e4m3fnuz": nil, "float8_e5m2": nil, "float8_e5m2fnuz": nil, "float8_e8m0fnu": nil,
        "float4_e2m1fn_x2": nil,
    ]
}
