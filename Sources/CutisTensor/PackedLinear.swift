import CTorch

/// What a packed layer applies to its result before it is stored.
public enum FusedActivation: Sendable, Hashable {
    case none, relu
    /// ½x(1 + erf(x/√2)).
    case gelu
    /// The tanh approximation of GELU.
    case geluTanh
    /// x · σ(x).
    case silu

    var code: CTActivation {
        switch self {
        case .none: CT_ACTIVATION_NONE
        case .relu: CT_ACTIVATION_RELU
        case .gelu: CT_ACTIVATION_GELU
        case .geluTanh: CT_ACTIVATION_GELU_TANH
        case .silu: CT_ACTIVATION_SILU
        }
    }
}

/// How real numbers became uint8: x ≈ (q − zero) · scale.
public struct Quantisation: Sendable, Hashable, Codable {
    /// The distance of two neighbours; positive.
    public var scale: Double
    /// The number that stands for 0, 0…255.
    public var zero: Int

    /// Takes scale and zero point as they are.
    public init(scale: Double, zero: Int) {
        self.scale = scale
        self.zero = zero
    }

    /// The quantisation whose 256 numbers span a range; 0 is always one of them, so that zero padding stays exact.
    public init(range: ClosedRange<Double>) {
        let (low, high) = (min(range.lowerBound, 0), max(range.upperBound, 0))
        scale = max((high - low) / 255, 1e-12)
        zero = min(max(Int((-low / scale).rounded()), 0), 255)
    }

    var code: CTQuantisation { CTQuantisation(scale: scale, zero: Int64(zero)) }
}

/// A linear layer whose weights were put once into the order in which oneDNN reads them; for inference on a CPU.
public final class PackedLinear {
    private let handle: OpaquePointer

    /// Packs weight [out, in] and bias [out], both float32 or both bfloat16. The weight is copied.
    ///
    /// - Parameter rows: how many rows the input usually has; decides the order only.
    /// - Throws: `unsupported` where LibTorch has no oneDNN, `shape`, `type`.
    public init(weight: Tensor, bias: Tensor? = nil, rows: Int = 0) throws(TensorError) {
        handle = try produceHandle("PackedLinear", [weight, bias]) {
            ct_packed_linear(weight.handle, bias?.handle, rows, $0)
        }
    }

    deinit { ct_packed_free(handle) }

    /// Whether this LibTorch can pack layers.
    public static var isAvailable: Bool { ct_packed_available() }

    /// activation(x · weightᵀ + bias): [..., in] → [..., out], in the type of the weights.
    public func callAsFunction(
        _ x: Tensor, activation: FusedActivation = .none
    ) throws(TensorError) -> Tensor {
        try produce("PackedLinear", [x]) { ct_packed_linear_run(handle, x.handle, activation.code, $0) }
    }
}

/// A linear layer with int8 weights, one scale per output, on uint8 input; for inference on a CPU.
public final class QuantisedLinear {
    private let handle: OpaquePointer

    /// Packs int8 weight [out, in] with float32 scales [out] and bias [out].
    public init(weight: Tensor, scales: Tensor, bias: Tensor?, rows: Int = 0) throws(TensorError) {
        handle = try produceHandle("QuantisedLinear", [weight, scales, bias]) {
            ct_packed_linear_int8(weight.handle, scales.handle, bias?.handle, rows, $0)
        }
    }

    deinit { ct_packed_free(handle) }

    /// activation(x · weightᵀ + bias): uint8 [..., in] → [..., out].
    public func callAsFunction(
        _ x: Tensor, quantised input: Quantisation, activation: FusedActivation = .none, to result: FusedType
    ) throws(TensorError) -> Tensor {
        try produce("QuantisedLinear", [x]) {
            ct_packed_linear_int8_run(
                handle, x.handle, input.code, activation.code, result.dtype.code, result.quantisation.code, $0)
        }
    }
}

extension Tensor {
    /// activation(x · weightᵀ + bias) in one step, on a CPU; weights that are used once need no packing.
    public func fusedLinear(
        _ weight: Tensor, _ bias: Tensor? = nil, activation: FusedActivation = .none
    ) throws(TensorError) -> Tensor {
        try produce("fusedLinear", [self, weight, bias]) {
            ct_fused_linear(self.handle, weight.handle, bias?.handle, activation.code, $0)
        }
    }
}
