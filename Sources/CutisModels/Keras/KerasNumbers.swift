import CutisTensor

/// How the numbers of Python and Keras become tensors.
///
/// All floating-point types are computed in float32, all integers in int64.
enum KerasNumbers {
    /// A number array of the file.
    static func tensor(_ constant: KerasConstant, device: Device) throws -> Tensor {
        try KerasLimits.check(constant.shape)
        let tensor = try Tensor(constant.values.map { Float($0) }, shape: constant.shape)
        return try tensor.to(try dtype(constant.type)).to(device)
    }

    /// The type that stands for a NumPy type name.
    static func dtype(_ name: String) throws(KerasFault) -> DType {
        switch name {
        case "bool": .bool
        case "float16", "bfloat16", "float32", "float64": .float32
        case "int8", "int16", "int32", "int64", "uint8", "uint16", "uint32", "int": .int64
        case "float": .float32
        default: throw .unsupported("the number type \(KerasName.quoted(name))")
        }
    }

    /// Whether a type is a floating-point type.
    static func isFloating(_ type: DType) -> Bool { type == .float32 || type == .float64 }

    /// A tensor as float32; booleans become 0 and 1.
    static func floating(_ x: Tensor) throws -> Tensor {
        try isFloating(x.dtype) ? x : x.to(.float32)
    }

    /// The two operands of an arithmetic operation as tensors of one type, with a check of the result's size.
    ///
    /// A whole Python number takes the type of the other side (int64 beside booleans), any other number makes both
    /// sides float32.
    static func pair(_ a: KerasValue, _ b: KerasValue) throws -> (Tensor, Tensor) {
        let device = self.device(a) ?? self.device(b) ?? .cpu
        let left = try operand(a, device: device)
        let right = try operand(b, device: device)
        _ = try KerasLimits.broadcast(left.shape, right.shape)
        let type: DType =
            if isFloating(left.dtype) || isFloating(right.dtype) {
                .float32
            } else if left.dtype == .bool, right.dtype == .bool {
                .bool
            } else {
                .int64
            }
        return (try left.to(type), try right.to(type))
    }

    /// A tensor or number as a tensor; numbers have rank 0.
    static func operand(_ value: KerasValue, device: Device) throws -> Tensor {
        switch value {
        case .tensor(let tensor): return tensor.tensor
        case .integer(let number): return try Tensor.full([], number, dtype: .int64, device: device)
        case .number(let number): return try Tensor.full([], number, dtype: .float32, device: device)
        case .flag(let flag): return try Tensor.full([], flag ? 1 : 0, dtype: .bool, device: device)
        case .list(let elements):
            let numbers = elements.compactMap(\.double)
            guard numbers.count == elements.count else { break }
            let isWhole = elements.allSatisfy { if case .integer = $0 { true } else { false } }
            let row = try Tensor(numbers.map { Float($0) }, shape: [numbers.count])
            return try row.to(isWhole ? .int64 : .float32).to(device)
        default: break
        }
        throw KerasFault("an operand is neither a tensor nor a number")
    }

    /// Where a value's tensor is; nil for numbers.
    static func device(_ value: KerasValue) -> Device? {
        if case .tensor(let tensor) = value { return tensor.tensor.device }
        return nil
    }
}
