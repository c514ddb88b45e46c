import CutisTensor

/// A convolution with its batch normalisation folded in, made for inference on a CPU: packed in float32 or bfloat16,
/// kept as float16, or int8.
struct InferenceConvolution {
    private enum Kernel {
        case packed(PackedConv2d)
        case half(weight: Tensor, bias: Tensor, RowScaling)
        case quantised(QuantisedConv2d, Quantisation)
    }

    private let kernel: Kernel
    private let name: String
    private let stride: Int
    private let padding: Int
    /// What the layer takes.
    let input: FusedType
    private let floating: FusedType
    /// Height and width of the output for the usual input.
    let outputSize: (height: Int, width: Int)

    /// - Parameters:
    ///   - name: the canonical name of the convolution.
    ///   - size: height and width that the input usually has.
    init(
        _ name: String, _ layer: Conv2d, _ norm: BatchNorm2d, size: (height: Int, width: Int),
        _ precision: InferencePrecision
    ) throws {
        self.name = name
        (stride, padding) = (layer.stride, layer.padding)
        floating = precision.activationType
        let shape = layer.weight.shape
        let reach = shape[2] - 2 * layer.padding
        outputSize = ((size.height - reach) / layer.stride + 1, (size.width - reach) / layer.stride + 1)
        let (factors, bias) = try norm.folded(bias: layer.bias)
        let scaling = RowScaling(outputs: factors)
        if case .halfStored = precision {
            kernel = .half(weight: layer.weight, bias: bias, scaling)
            input = .float32
            return
        }
        let weight = try scaling(layer.weight, nil).0
        let sizes = [1, shape[1], size.height, size.width]
        if let quantisation = precision.quantisation(of: name) {
            let rowwise = try RowQuantisation(weight, precision.granularity)
            let packed = try QuantisedConv2d(
                weight: rowwise.weight, scales: rowwise.scales, bias: bias, stride: stride, padding: padding,
                sizes: sizes, input: quantisation)
            kernel = .quantised(packed, quantisation)
            input = .uint8(quantisation)
        } else {
            let type: DType = floating == .bfloat16 ? .bfloat16 : .float32
            kernel = .packed(
                try PackedConv2d(
                    weight: weight.to(type), bias: bias.to(type), stride: stride, padding: padding, sizes: sizes))
            input = floating
        }
    }

    /// [batch, inputs, height, width], channels-last → the same kind, in the network's type, or uint8 where `wanted`
    /// says how.
    func callAsFunction(
        _ x: Tensor, activation: FusedActivation = .none, to wanted: FusedType? = nil, observer: LayerObserver?
    ) throws -> Tensor {
        try observer?(name, x)
        switch kernel {
        case .packed(let layer): return try converted(layer(taken(x), activation: activation), to: wanted)
        case .half:
            let y = try widened(x)
            return activation == .relu ? try y.relu() : y
        case .quantised(let layer, _):
            return try layer(taken(x), activation: activation, to: wanted ?? floating)
        }
    }

    /// relu(sum + convolution of x); `sum` may be overwritten.
    func adding(_ x: Tensor, to sum: Tensor, observer: LayerObserver?) throws -> Tensor {
        try observer?(name, x)
        switch kernel {
        case .packed(let layer): try layer.add(taken(x), to: sum, activation: .relu)
        case .half: return try (widened(x) + sum).relu()
        case .quantised(let layer, _): try layer.add(taken(x), to: sum, activation: .relu)
        }
        return sum
    }

    /// The input in the type that the layer takes.
    private func taken(_ x: Tensor) throws(TensorError) -> Tensor { try converted(x, to: input) }

    private func converted(_ x: Tensor, to wanted: FusedType?) throws(TensorError) -> Tensor {
        guard case .uint8(let quantisation) = wanted, x.dtype != .uint8 else { return x }
        return try x.quantised(quantisation)
    }

    private func widened(_ x: Tensor) throws(TensorError) -> Tensor {
        guard case .half(let weight, let bias, let scaling) = kernel else { return x }
        return try x.conv2d(scaling(weight.to(.float32), nil).0, bias, stride: Size2D(stride), padding: Size2D(padding))
    }
}

extension BatchNorm2d {
    /// What a convolution's outputs are multiplied by, and the bias after it, in float32: the same as the norm with
    /// running statistics.
    fileprivate func folded(bias own: Tensor?) throws(TensorError) -> (factors: Tensor, bias: Tensor) {
        let factors = try weight.to(.float32) / (runningVariance.to(.float32) + epsilon).sqrt()
        var mean = try runningMean.to(.float32)
        if let own { mean = try mean - own.to(.float32) }
        return (factors, try bias.to(.float32) - mean * factors)
    }
}
