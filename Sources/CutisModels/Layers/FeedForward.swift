import CutisTensor

/// What stands between the two linear layers of a transformer's feed-forward part.
public enum FeedForwardActivation: String, Codable, Sendable, Hashable, CaseIterable {
    /// ½x(1 + erf(x/√2)) (Hendrycks and Gimpel 2016).
    case gelu
    /// The tanh approximation of GELU.
    case geluTanh = "gelu_tanh"
    /// x · σ(1.702x), what OpenAI's CLIP was trained with.
    case quickGELU = "quick_gelu"
    /// silu(a) · b, where a and b are the halves of the first layer's output (Shazeer 2020).
    case swiGLU = "swiglu"

    /// How many numbers the first layer gives per hidden number.
    var widthFactor: Int { self == .swiGLU ? 2 : 1 }

    /// [..., hidden · widthFactor] → [..., hidden].
    func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        switch self {
        case .gelu: return try x.gelu(approximate: false)
        case .geluTanh: return try x.gelu(approximate: true)
        case .quickGELU: return try x.quickGelu()
        case .swiGLU:
            let hidden = (x.shape.last ?? 0) / 2
            return try x.narrow(dim: -1, start: 0, length: hidden).silu()
                * x.narrow(dim: -1, start: hidden, length: hidden)
        }
    }
}

/// Two linear layers with an activation between them: `fc1`, `fc2`.
struct FeedForward {
    let first: Linear
    let second: Linear
    let activation: FeedForwardActivation

    init(_ config: ViTConfig, _ reader: WeightReader) throws {
        activation = config.activation
        let inner = config.mlpWidth * activation.widthFactor
        first = try Linear(
            config.width, inner, reader / "fc1", weightInitialiser: .xavierUniform,
            biasInitialiser: .normal(deviation: 1e-6))
        second = try Linear(
            config.mlpWidth, config.width, reader / "fc2", weightInitialiser: .xavierUniform,
            biasInitialiser: .normal(deviation: 1e-6))
    }

    /// [..., width] → the same shape.
    func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try second(activation(first(x)))
    }
}
