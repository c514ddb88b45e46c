import CTorch

/// A convolution over images whose weights were put once into the order in which a kernel reads them: our own where this
/// CPU has one, else oneDNN's; for inference on a CPU. Its result is channels-last where its input is.
public final class PackedConv2d {
    private enum Kernel {
        case direct(DirectConvolution)
        case oneDNN(OpaquePointer)
    }

    private let kernel: Kernel

    /// Packs weight [out, in, kernel, kernel] and bias [out], both float32 or both bfloat16.
    ///
    /// - Parameter sizes: the usual size of the input, [batch, in, height, width]; decides the order only.
    public init(
        weight: Tensor, bias: Tensor?, stride: Int, padding: Int, sizes: [Int]
    ) throws(TensorError) {
        if let direct = try DirectConvolution(weight: weight, bias: bias, stride: stride, padding: padding) {
            kernel = .direct(direct)
            return
        }
        kernel = .oneDNN(
            try produceHandle("PackedConv2d", [weight, bias]) {
                ct_packed_conv2d(weight.handle, bias?.handle, CTWindow(stride, padding), sizes, $0)
            })
    }

    deinit {
        if case .oneDNN(let handle) = kernel { ct_packed_free(handle) }
    }

    /// activation(convolution of x): [batch, in, height, width] → [batch, out, height', width'].
    ///
    /// - Parameter activation: none or ReLU.
    public func callAsFunction(
        _ x: Tensor, activation: FusedActivation = .none
    ) throws(TensorError) -> Tensor {
        switch kernel {
        case .direct(let layer): return try layer(x, activation: activation)
        case .oneDNN(let handle):
            return try produce("PackedConv2d", [x]) { ct_packed_conv2d_run(handle, x.handle, activation.code, $0) }
        }
    }

    /// activation(sum + convolution of x), written over `sum`, which must be channels-last.
    public func add(_ x: Tensor, to sum: Tensor, activation: FusedActivation) throws(TensorError) {
        switch kernel {
        case .direct(let layer): try layer.add(x, to: sum, activation: activation)
        case .oneDNN(let handle):
            try check("PackedConv2d.add", [x, sum]) {
                ct_packed_conv2d_add(handle, x.handle, sum.handle, activation.code)
            }
        }
    }
}

/// A convolution with int8 weights, one scale per output, on uint8 input; for inference on a CPU.
public final class QuantisedConv2d {
    private let handle: OpaquePointer

    /// Packs int8 weight [out, in, kernel, kernel] with float32 scales [out] and bias [out].
    ///
    /// - Parameters:
    ///   - sizes: the usual size of the input; decides the order only.
    ///   - input: how every input is quantised.
    public init(
        weight: Tensor, scales: Tensor, bias: Tensor?, stride: Int, padding: Int, sizes: [Int], input: Quantisation
    ) throws(TensorError) {
        handle = try produceHandle("QuantisedConv2d", [weight, scales, bias]) {
            ct_packed_conv2d_int8(
                weight.handle, scales.handle, bias?.handle, CTWindow(stride, padding), sizes, input.code, $0)
        }
    }

    deinit { ct_packed_free(handle) }

    /// activation(convolution of x): uint8 [batch, in, height, width] → [batch, out, height', width'].
    public func callAsFunction(
        _ x: Tensor, activation: FusedActivation = .none, to result: FusedType
    ) throws(TensorError) -> Tensor {
        try produce("QuantisedConv2d", [x]) {
            ct_packed_conv2d_int8_run(
                handle, x.handle, activation.code, result.dtype.code, result.quantisation.code, $0)
        }
    }

    /// activation(sum + convolution of x), written over `sum` (float32 or bfloat16).
    public func add(_ x: Tensor, to sum: Tensor, activation: FusedActivation) throws(TensorError) {
        try check("QuantisedConv2d.add", [x, sum]) {
            ct_packed_conv2d_int8_add(handle, x.handle, sum.handle, activation.code)
        }
    }
}

extension CTWindow {
    fileprivate init(_ stride: Int, _ padding: Int) {
        self.init(
            stride: CTPair(height: stride, width: stride), padding: CTPair(height: padding, width: padding), groups: 1)
    }
}
