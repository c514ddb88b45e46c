import CutisTensor

/// A linear layer made for inference on a CPU: packed in float32 or bfloat16, kept as float16, or int8.
struct InferenceLinear {
    private enum Kernel {
        case packed(PackedLinear)
        /// Kept as float16 with what is multiplied after widening.
        case half(weight: Tensor, bias: Tensor?, RowScaling)
        case quantised(QuantisedLinear, Quantisation)
    }

    private let kernel: Kernel
    private let name: String
    /// What the layer takes.
    let input: FusedType
    private let floating: FusedType

    /// - Parameters:
    ///   - name: the canonical name of the layer.
    ///   - scaling: what is multiplied into weight and bias first.
    ///   - rows: how many rows the input usually has.
    init(
        _ name: String, _ layer: Linear, scaling: RowScaling = RowScaling(), rows: Int, _ precision: InferencePrecision
    ) throws {
        self.name = name
        floating = precision.activationType
        if case .halfStored = precision {
            kernel = .half(weight: layer.weight, bias: try layer.bias?.to(.float32), scaling)
            input = .float32
            return
        }
        let (weight, bias) = try scaling(layer.weight, layer.bias)
        if let quantisation = precision.quantisation(of: name) {
            let rowwise = try RowQuantisation(weight, precision.granularity)
            let packed = try QuantisedLinear(
                weight: rowwise.weight, scales: rowwise.scales, bias: bias?.to(.float32), rows: rows)
            kernel = .quantised(packed, quantisation)
            input = .uint8(quantisation)
        } else {
            let type: DType = floating == .bfloat16 ? .bfloat16 : .float32
            kernel = .packed(try PackedLinear(weight: weight.to(type), bias: bias?.to(type), rows: rows))
            input = floating
        }
    }

    /// [..., inputs] of the type `input` → [..., outputs], of the network's type, or uint8 where `quantised` says how.
    func callAsFunction(
        _ x: Tensor, activation: FusedActivation = .none, to wanted: FusedType? = nil, observer: LayerObserver? = nil
    ) throws -> Tensor {
        try observer?(name, x)
        switch kernel {
        case .packed(let layer): return try Self.converted(layer(x, activation: activation), to: wanted)
        case .half(let weight, let bias, let scaling):
            let (wide, bias) = try scaling(weight.to(.float32), bias)
            return try Self.converted(x.fusedLinear(wide, bias, activation: activation), to: wanted)
        case .quantised(let layer, let input):
            return try layer(x, quantised: input, activation: activation, to: wanted ?? floating)
        }
    }

    private static func converted(_ x: Tensor, to wanted: FusedType?) throws(TensorError) -> Tensor {
        guard case .uint8(let quantisation) = wanted else { return x }
        return try x.quantised(quantisation)
    }
}

/// What is multiplied into the weights of a layer when it is made for inference.
struct RowScaling {
    /// float32 [outputs], multiplied into weight and bias: LayerScale, a folded batch norm.
    var outputs: Tensor?
    /// Multiplied into weight and bias.
    var factor = 1.0
    /// The input is that many times larger than the weights were made for, so they are divided by it.
    var inputGain = 1.0

    /// Weight [outputs, …] and bias in float32, scaled; as they are where there is nothing to multiply.
    func callAsFunction(_ weight: Tensor, _ bias: Tensor?) throws(TensorError) -> (Tensor, Tensor?) {
        guard outputs != nil || factor != 1 || inputGain != 1 else { return (weight, bias) }
        var (wide, bias) = (try weight.to(.float32), try bias?.to(.float32))
        if factor != inputGain { wide = try wide * (factor / inputGain) }
        if factor != 1, let own = bias { bias = try own * factor }
        guard let outputs else { return (wide, bias) }
        let rows = [outputs.count] + Array(repeating: 1, count: wide.rank - 1)
        if let own = bias { bias = try own * outputs }
        return (try wide * outputs.reshape(rows), bias)
    }
}
