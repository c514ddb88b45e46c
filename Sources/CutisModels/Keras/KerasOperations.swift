import CutisTensor

/// One entry of `keras.ops` in a graph: its settings and what it was called with.
struct KerasOperation {
    let config: KerasJSON
    let call: KerasCall
    let device: Device

    /// A setting, from the config or the call's keywords; nil where it is absent or None.
    func setting(_ name: String) -> KerasValue? {
        if let value = call.keywords[name] { return value.isNone ? nil : value }
        switch config[name] {
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .bool(let value): return .flag(value)
        case .string(let value): return .text(value)
        case .array(let values):
            let wholes = values.compactMap(\.whole)
            return wholes.count == values.count ? .list(wholes.map { .integer($0) }) : nil
        default: return nil
        }
    }

    /// The axis or axes, or nil for all.
    var axes: [Int]? { setting("axis")?.wholes }

    /// Whether reduced axes stay with size 1.
    var keepsDimensions: Bool {
        if case .flag(true) = setting("keepdims") { return true }
        return false
    }

    /// The first argument.
    func x(_ index: Int = 0, _ name: String = "x") throws -> Tensor {
        guard let value = call.value(index, name) else { throw KerasFault("argument \(index) is missing") }
        return try KerasNumbers.operand(value, device: device)
    }

    /// The first two arguments as tensors of one type.
    func pair() throws -> (Tensor, Tensor) {
        guard let a = call.value(0, "x1"), let b = call.value(1, "x2") else {
            throw KerasFault("it needs two arguments")
        }
        return try KerasNumbers.pair(a, b)
    }

    /// The list that is the first argument, as tensors.
    func list() throws -> [Tensor] {
        guard case .list(let elements) = call.arguments.first ?? call.keywords["xs"] ?? .none else { return [try x()] }
        return try elements.map { try KerasNumbers.operand($0, device: device) }
    }
}

/// The operations of `keras.ops` (and operators such as `a * b`) that a graph may hold.
///
/// They are dispatched by class name apart from the layers: `Multiply` and `Softmax` are both. Operations know no
/// masks: their results have none.
enum KerasOperations {
    /// Computes an operation.
    typealias Body = @Sendable (KerasOperation) throws -> [Tensor]

    /// All operations by class name.
    static let table: [String: Body] = [
        arithmetic, functions, reductions, shapes, selections,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    /// What an entry of the graph does.
    static func function(_ layer: KerasLayerDefinition, device: Device) throws(KerasFault) -> KerasFunction {
        guard let body = table[layer.className] else {
            throw .unsupported("the operation \(KerasName.quoted(layer.title)) is not known")
        }
        let config = layer.config
        return { call in
            try body(KerasOperation(config: config, call: call, device: device)).map { KerasTensor($0) }
        }
    }

    /// Two operands of any kind, one result.
    static func binary(_ body: @escaping @Sendable (Tensor, Tensor) throws -> Tensor) -> Body {
        { operation in
            let (a, b) = try operation.pair()
            return [try body(a, b)]
        }
    }

    /// Two operands as float32 unless both are integers.
    static func numeric(_ body: @escaping @Sendable (Tensor, Tensor) throws -> Tensor) -> Body {
        { operation in
            let (a, b) = try operation.pair()
            // LibTorch refuses booleans in some of these; Keras makes them integers.
            return a.dtype == .bool ? [try body(a.to(.int64), b.to(.int64))] : [try body(a, b)]
        }
    }

    /// One floating-point operand, one result.
    static func unary(_ body: @escaping @Sendable (Tensor) throws -> Tensor) -> Body {
        { operation in [try body(KerasNumbers.floating(operation.x()))] }
    }
}
