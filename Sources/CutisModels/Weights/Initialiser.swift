import CutisTensor

/// The values that a weight starts training with.
public enum Initialiser: Sendable, Hashable {
    case zeros
    case ones
    case constant(Double)
    /// Normal with mean 0.
    case normal(deviation: Double)
    /// Normal with mean 0, cut at ±2 (`torch.nn.init.trunc_normal_`, whose default bounds are absolute).
    case truncatedNormal(deviation: Double)
    /// Uniform on −bound … bound.
    case uniform(bound: Double)
    /// Uniform with bound √(6 / (fan in + fan out)) (Glorot and Bengio 2010).
    case xavierUniform
    /// Normal with deviation √(2 / fan out), for layers before a ReLU (He et al. 2015).
    case kaimingNormalFanOut

    /// PyTorch's default for the weight or bias of a linear or convolutional layer with so many inputs per output.
    public static func torchDefault(fanIn: Int) -> Initialiser {
        .uniform(bound: fanIn > 0 ? 1 / Double(fanIn).squareRoot() : 0)
    }

    /// New values.
    ///
    /// - Parameters:
    ///   - shape: [outputs, inputs, kernel height, kernel width] decides the fans; a vector counts as one output.
    ///   - generator: the source of randomness; nil takes the device's own.
    func callAsFunction(
        _ shape: [Int], dtype: DType, device: Device, generator: Generator?
    ) throws(TensorError) -> Tensor {
        let inputs = shape.dropFirst().reduce(1, *)
        let outputs = (shape.first ?? 1) * shape.dropFirst(2).reduce(1, *)
        switch self {
        case .zeros: return try Tensor.zeros(shape, dtype: dtype, device: device)
        case .ones: return try Tensor.ones(shape, dtype: dtype, device: device)
        case .constant(let value): return try Tensor.full(shape, value, dtype: dtype, device: device)
        case .normal(let deviation):
            return try Tensor.randn(shape, dtype: dtype, device: device, generator: generator) * deviation
        case .truncatedNormal(let deviation):
            return try Initialiser.normal(deviation: deviation)(
                shape, dtype: dtype, device: device, generator: generator
            ).clamp(min: -2, max: 2)
        case .uniform(let bound):
            let unit = try Tensor.rand(shape, dtype: dtype, device: device, generator: generator)
            return try unit * (2 * bound) - bound
        case .xavierUniform:
            let bound = (6 / Double(inputs + outputs)).squareRoot()
            return try Initialiser.uniform(bound: bound)(shape, dtype: dtype, device: device, generator: generator)
        case .kaimingNormalFanOut:
            let deviation = (2 / Double(max(outputs, 1))).squareRoot()
            return try Initialiser.normal(deviation: deviation)(
                shape, dtype: dtype, device: device, generator: generator)
        }
    }
}
