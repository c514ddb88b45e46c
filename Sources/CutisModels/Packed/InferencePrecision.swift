public import CutisTensor

/// In which numbers a packed network keeps its weights and computes.
public enum InferencePrecision: Sendable, Hashable {
    /// Kept and computed in float32.
    case float32
    /// Kept in float16, widened to float32 layer by layer while computing.
    case halfStored
    /// Kept and computed in bfloat16; residual stream, norms and sums stay float32.
    case bfloat16
    /// int8 weights on uint8 activations where the plan says so, else as `floating`.
    case int8(QuantisationPlan, floating: FloatingPrecision)

    /// What the layers that are not quantised compute in.
    public enum FloatingPrecision: String, Sendable, Hashable {
        case float32, bfloat16
    }

    /// The type in which weights are read.
    public var storedType: DType { self == .halfStored ? .float16 : .float32 }

    /// The type that activations have between layers that are not quantised.
    var activationType: FusedType {
        switch self {
        case .float32, .halfStored, .int8(_, .float32): .float32
        case .bfloat16, .int8(_, .bfloat16): .bfloat16
        }
    }

    /// What shares one scale in the weights of the quantised layers.
    var granularity: QuantisationPlan.Granularity {
        if case .int8(let plan, _) = self { return plan.weights }
        return .perOutput
    }

    /// How the input of a layer is quantised; nil where the layer is not.
    func quantisation(of layer: String) -> Quantisation? {
        guard case .int8(let plan, _) = self else { return nil }
        return plan.inputs[layer]
    }
}

/// Which layers of a network compute in int8, and how their inputs and weights are quantised.
public struct QuantisationPlan: Sendable, Hashable, Codable {
    /// What shares one scale in a weight.
    public enum Granularity: String, Sendable, Hashable, Codable {
        /// Each output has its own.
        case perOutput = "per_output"
        /// The whole weight has one, as simple conversions do.
        case perTensor = "per_tensor"
    }

    /// The quantisation of each such layer's input, by the canonical name of the layer.
    public var inputs: [String: Quantisation]
    /// What shares one scale in the weights of these layers.
    public var weights: Granularity

    /// Takes the quantisation of each layer.
    public init(inputs: [String: Quantisation], weights: Granularity = .perOutput) {
        self.inputs = inputs
        self.weights = weights
    }
}

/// Sees the input of each layer that can be quantised, by canonical name: how calibration learns what flows.
public typealias LayerObserver = (_ layer: String, _ input: Tensor) throws -> Void
