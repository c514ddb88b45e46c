import CutisCore
import CutisTensor

/// The activation functions that a layer's `activation` can name, as Keras 3 defines them.
enum KerasActivation {
    /// Activations by name; GELU is the exact form, softmax goes over the last axis.
    static let table: [String: @Sendable (Tensor) throws(TensorError) -> Tensor] = [
        "linear": { x throws(TensorError) in x },
        "relu": { x throws(TensorError) in try x.relu() },
        "relu6": { x throws(TensorError) in try x.clamp(min: 0, max: 6) },
        "leaky_relu": { x throws(TensorError) in try x.leakyRelu(slope: 0.2) },
        "elu": { x throws(TensorError) in try x.elu() },
        "selu": { x throws(TensorError) in try x.elu(alpha: 1.6732632423543772) * 1.0507009873554805 },
        "celu": { x throws(TensorError) in try x.elu() },
        "gelu": { x throws(TensorError) in try x.gelu(approximate: false) },
        "sigmoid": { x throws(TensorError) in try x.sigmoid() },
        "hard_sigmoid": { x throws(TensorError) in try (x * (1.0 / 6) + 0.5).clamp(min: 0, max: 1) },
        "log_sigmoid": { x throws(TensorError) in try x.logSigmoid() },
        "tanh": { x throws(TensorError) in try x.tanh() },
        "silu": { x throws(TensorError) in try x.silu() },
        "swish": { x throws(TensorError) in try x.silu() },
        "hard_silu": { x throws(TensorError) in try hardSilu(x) },
        "hard_swish": { x throws(TensorError) in try hardSilu(x) },
        "mish": { x throws(TensorError) in try x * x.softplus().tanh() },
        "softplus": { x throws(TensorError) in try x.softplus() },
        "softsign": { x throws(TensorError) in try x / (x.abs() + 1) },
        "exponential": { x throws(TensorError) in try x.exp() },
        "softmax": { x throws(TensorError) in try x.softmax(dim: -1) },
        "log_softmax": { x throws(TensorError) in try x.logSoftmax(dim: -1) },
    ]

    /// The name in a layer's config; absent means linear.
    ///
    /// - Throws: `KerasFault`: unsafe for stored code, unsupported for functions that are not Keras's own.
    static func name(_ entry: KerasJSON?) throws(KerasFault) -> String {
        guard let entry, !entry.isNull else { return "linear" }
        if let name = entry.text { return name }
        if let name = builtIn(entry) { return name }
        if entry["class_name"]?.text == "__lambda__" {
            throw KerasFault("its activation is stored Python code (a lambda)", code: .checkpointUnsafe)
        }
        let name = entry["registered_name"]?.text ?? entry["config"]?.text ?? entry["class_name"]?.text ?? "?"
        throw .unsupported("its activation \(KerasName.quoted(name)) is a custom function")
    }

    /// The function that a layer's config names.
    static func function(
        _ entry: KerasJSON?
    ) throws(KerasFault) -> @Sendable (Tensor) throws(TensorError) -> Tensor {
        let name = try name(entry)
        guard let function = table[name] else {
            throw .unsupported("its activation \(KerasName.quoted(name)) is not known")
        }
        return function
    }

    /// Keras's general ReLU: linear above a threshold, cut at a maximum, a slope below.
    static func relu(
        _ x: Tensor, slope: Double, maximum: Double?, threshold: Double
    ) throws(TensorError) -> Tensor {
        let above = try x.maskedFill(x.le(threshold), 0.0)
        let limited = try maximum.map { limit throws(TensorError) in try above.clamp(min: 0, max: limit) } ?? above
        guard slope != 0 else { return limited }
        return try limited - (threshold - x).relu() * slope
    }

    private static func hardSilu(_ x: Tensor) throws(TensorError) -> Tensor {
        try x * (x * (1.0 / 6) + 0.5).clamp(min: 0, max: 1)
    }

    /// An activation that Keras wrote as an object of its own module.
    private static func builtIn(_ entry: KerasJSON) -> String? {
        guard let module = entry["module"]?.text, KerasName.isBuiltIn(module: module) else { return nil }
        return entry["config"]?.text ?? (entry["class_name"]?.text).map { KerasNaming.snakeCase($0) }
    }
}
