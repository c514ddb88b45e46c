public import CutisTensor

/// y = x · weightᵀ + bias over the last dimension; weight [outputs, inputs] as in PyTorch.
public struct Linear {
    /// [outputs, inputs].
    public let weight: Tensor
    /// [outputs], or nil.
    public let bias: Tensor?

    /// Takes `weight` and, with `bias`, `bias` from the reader.
    ///
    /// - Parameters:
    ///   - weightInitialiser: nil takes PyTorch's default, uniform on ±1/√inputs.
    ///   - biasInitialiser: nil takes PyTorch's default, the same bound.
    public init(
        _ inputs: Int, _ outputs: Int, _ reader: WeightReader, bias: Bool = true,
        weightInitialiser: Initialiser? = nil, biasInitialiser: Initialiser? = nil
    ) throws {
        let standard = Initialiser.torchDefault(fanIn: inputs)
        weight = try reader.tensor("weight", shape: [outputs, inputs], initialiser: weightInitialiser ?? standard)
        self.bias =
            bias
            ? try reader.tensor("bias", shape: [outputs], initialiser: biasInitialiser ?? standard) : nil
    }

    /// [..., inputs] → [..., outputs].
    ///
    /// Computed in the type of x, or in that of `withAutocast`; fp32 weights that meet a narrower x get fp32 gradients.
    public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try x.linear(weight.to(x.dtype), bias?.to(x.dtype))
    }
}
