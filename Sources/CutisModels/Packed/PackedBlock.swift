import CutisTensor

/// A transformer block made for inference on a CPU.
///
/// The sum of a branch and the residual stream is left to the layer normalisation that reads it next, which then goes
/// over the memory once: a block takes the branch that is still to be added, and gives one.
struct PackedBlock {
    private let config: ViTConfig
    private let norm1: LayerNorm
    private let qkv: InferenceLinear
    private let projection: InferenceLinear
    private let norm2: LayerNorm
    private let first: InferenceLinear
    private let second: InferenceLinear

    /// - Parameters:
    ///   - rows: tokens of an image.
    ///   - reader: gives the file's pages back after each layer, so that nothing is in memory twice for long.
    init(
        _ block: TransformerBlock, _ config: ViTConfig, name: String, rows: Int, _ precision: InferencePrecision,
        _ reader: WeightReader
    ) throws {
        self.config = config
        reader.releasePages()
        norm1 = try block.norm1.widened()
        norm2 = try block.norm2.widened()
        let gain = config.activation.fusedGain
        qkv = try InferenceLinear("\(name).attention.qkv", block.attention.qkv, rows: rows, precision)
        reader.releasePages()
        projection = try InferenceLinear(
            "\(name).attention.projection", block.attention.projection,
            scaling: RowScaling(outputs: block.scale1?.to(.float32)), rows: rows, precision)
        first = try InferenceLinear(
            "\(name).mlp.fc1", block.mlp.first, scaling: RowScaling(factor: gain), rows: rows, precision)
        reader.releasePages()
        second = try InferenceLinear(
            "\(name).mlp.fc2", block.mlp.second,
            scaling: RowScaling(outputs: block.scale2?.to(.float32), inputGain: gain), rows: rows, precision)
        reader.releasePages()
        Runtime.releaseUnusedMemory()
    }

    /// - Parameters:
    ///   - x: the residual stream [batch, tokens, width], float32; `pending` is added to it in place.
    ///   - queries: the first tokens that anybody reads after this block; the others are not computed.
    /// - Returns: the stream of those tokens, and the branch that is to be added to it.
    func callAsFunction(
        _ x: Tensor, pending: Tensor?, queries: Int? = nil, observer: LayerObserver?
    ) throws -> (stream: Tensor, branch: Tensor) {
        let width = config.width
        let normed = try norm1.adding(pending, to: x, as: qkv.input)
        let packed = try qkv(normed, observer: observer)
        let (asked, stream) =
            try queries.map { count in
                (try packed.narrow(dim: 1, start: 0, length: count), try x.narrow(dim: 1, start: 0, length: count))
            } ?? (packed, x)
        let own = try stream.contiguous()
        let mixed = try Tensor.fusedAttention(
            TokenColumns(asked.contiguous()), TokenColumns(packed, from: width),
            TokenColumns(packed, from: 2 * width), width: width, heads: config.heads,
            quantised: projection.input.quantisedBy)
        let attended = try projection(mixed, observer: observer)
        let hidden = try norm2.adding(attended, to: own, as: first.input)
        return (own, try feedForward(hidden, observer: observer))
    }

    private func feedForward(_ x: Tensor, observer: LayerObserver?) throws -> Tensor {
        guard config.activation != .swiGLU else {
            let gated = try first(x, observer: observer).gatedSiLU()
            guard case .uint8(let quantisation) = second.input else { return try second(gated, observer: observer) }
            return try second(gated.quantised(quantisation), observer: observer)
        }
        let hidden = try first(x, activation: config.activation.fused, to: second.input, observer: observer)
        return try second(hidden, observer: observer)
    }
}

extension LayerNorm {
    /// The same with float32 weights, as the kernels take them.
    func widened() throws -> LayerNorm {
        LayerNorm(weight: try weight.to(.float32), bias: try bias.to(.float32), epsilon: epsilon)
    }

    /// stream += branch, and the norm of it.
    func adding(_ branch: Tensor?, to stream: Tensor, as type: FusedType) throws(TensorError) -> Tensor {
        try stream.addingLayerNorm(branch, weight: weight, bias: bias, eps: epsilon, to: type)
    }
}

extension FeedForwardActivation {
    /// What oneDNN fuses to the first linear layer; SwiGLU stands between two of its outputs and has none.
    fileprivate var fused: FusedActivation {
        switch self {
        case .gelu: .gelu
        case .geluTanh: .geluTanh
        case .quickGELU: .silu
        case .swiGLU: .none
        }
    }

    /// What the first layer is multiplied by and the second divided by: x · σ(1.702x) = silu(1.702x) / 1.702.
    fileprivate var fusedGain: Double { self == .quickGELU ? 1.702 : 1 }
}

extension FusedType {
    fileprivate var quantisedBy: Quantisation? {
        if case .uint8(let quantisation) = self { return quantisation }
        return nil
    }
}
