public import CutisTensor

/// (x − mean) / √(variance + ε) · weight + bias over the last dimension (Ba et al. 2016).
public struct LayerNorm {
    /// [width].
    public let weight: Tensor
    /// [width].
    public let bias: Tensor
    /// Added to the variance.
    public let epsilon: Double

    init(weight: Tensor, bias: Tensor, epsilon: Double) {
        self.weight = weight
        self.bias = bias
        self.epsilon = epsilon
    }

    /// Takes `weight` and `bias` from the reader.
    public init(_ width: Int, epsilon: Double, _ reader: WeightReader) throws {
        weight = try reader.tensor("weight", shape: [width], initialiser: .ones)
        bias = try reader.tensor("bias", shape: [width], initialiser: .zeros)
        self.epsilon = epsilon
    }

    /// [..., width] → the same shape.
    public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try x.layerNorm(weight.shape, weight: weight, bias: bias, eps: epsilon)
    }
}

/// Normalises each channel over batch and space (Ioffe and Szegedy 2015).
public struct BatchNorm2d {
    /// [channels].
    public let weight: Tensor
    /// [channels].
    public let bias: Tensor
    /// [channels], changed in place by training.
    public let runningMean: Tensor
    /// [channels], changed in place by training.
    public let runningVariance: Tensor
    /// Added to the variance.
    public let epsilon: Double
    /// Share of a batch's statistics in the new running ones.
    public let momentum: Double

    /// Takes `weight`, `bias`, `running_mean` and `running_var` from the reader.
    public init(_ channels: Int, epsilon: Double = 1e-5, momentum: Double = 0.1, _ reader: WeightReader) throws {
        weight = try reader.tensor("weight", shape: [channels], initialiser: .ones)
        bias = try reader.tensor("bias", shape: [channels], initialiser: .zeros)
        runningMean = try reader.buffer("running_mean", shape: [channels], initialiser: .zeros)
        runningVariance = try reader.buffer("running_var", shape: [channels], initialiser: .ones)
        self.epsilon = epsilon
        self.momentum = momentum
    }

    /// [batch, channels, height, width] → the same shape.
    ///
    /// - Parameters:
    ///   - training: normalises by the batch's own statistics and blends them into the running ones.
    ///   - isAgain: leaves the running ones alone: the same batch has been seen before.
    public func callAsFunction(
        _ x: Tensor, training: Bool = false, isAgain: Bool = false
    ) throws(TensorError) -> Tensor {
        let tracks = !(training && isAgain)
        return try x.batchNorm(
            weight: weight, bias: bias, runningMean: tracks ? runningMean : nil,
            runningVar: tracks ? runningVariance : nil, training: training, momentum: momentum, eps: epsilon)
    }
}
