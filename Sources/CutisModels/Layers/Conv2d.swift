public import CutisTensor

/// A convolution over images; weight [outputs, inputs, kernel, kernel].
public struct Conv2d {
    /// [outputs, inputs, kernel, kernel].
    public let weight: Tensor
    /// [outputs], or nil.
    public let bias: Tensor?
    /// Step between windows.
    public let stride: Int
    /// Zeros on each side.
    public let padding: Int

    /// Takes `weight` and, with `bias`, `bias` from the reader.
    ///
    /// - Parameters:
    ///   - weightInitialiser: nil takes PyTorch's default, uniform on ±1/√(inputs · kernel²).
    ///   - biasInitialiser: nil takes PyTorch's default, the same bound.
    public init(
        _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int = 1, padding: Int = 0, bias: Bool = false,
        _ reader: WeightReader, weightInitialiser: Initialiser? = nil, biasInitialiser: Initialiser? = nil
    ) throws {
        let standard = Initialiser.torchDefault(fanIn: inputs * kernel * kernel)
        weight = try reader.tensor(
            "weight", shape: [outputs, inputs, kernel, kernel], initialiser: weightInitialiser ?? standard)
        self.bias =
            bias
            ? try reader.tensor("bias", shape: [outputs], initialiser: biasInitialiser ?? standard) : nil
        self.stride = stride
        self.padding = padding
    }

    /// [batch, inputs, height, width] → [batch, outputs, height', width'].
    ///
    /// Computed in the type of x, or in that of `withAutocast`; fp32 weights that meet a narrower x get fp32 gradients.
    public func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try x.conv2d(weight.to(x.dtype), bias?.to(x.dtype), stride: Size2D(stride), padding: Size2D(padding))
    }
}
