import CutisTensor

/// Multi-head self-attention with packed q, k and v: `qkv`, `projection` (Vaswani et al. 2017).
struct SelfAttention {
    let heads: Int
    let qkv: Linear
    let projection: Linear

    init(_ config: ViTConfig, _ reader: WeightReader) throws {
        heads = config.heads
        qkv = try Linear(
            config.width, 3 * config.width, reader / "qkv", bias: config.qkvBias,
            weightInitialiser: .xavierUniform, biasInitialiser: .zeros)
        projection = try Linear(config.width, config.width, reader / "projection", biasInitialiser: .zeros)
    }

    /// [batch, tokens, width] → the same shape; the scores are never stored.
    func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        let (q, k, v) = try split(x)
        let mixed = try Tensor.scaledDotProductAttention(q, k, v)
        return try projection(mixed.transpose(1, 2).reshape(x.shape))
    }

    /// What tokens take from each other: soft-max(q · kᵀ / √d), computed anew in float32.
    ///
    /// - Parameter queries: how many tokens to look at, from the first; nil takes all.
    /// - Returns: [batch, heads, queries, tokens].
    func probabilities(_ x: Tensor, queries: Int? = nil) throws(TensorError) -> Tensor {
        let (q, k, _) = try split(x)
        let asked = try queries.map { count throws(TensorError) in try q.narrow(dim: 2, start: 0, length: count) } ?? q
        let scale = 1 / Double((x.shape.last ?? 1) / heads).squareRoot()
        let scores = try (asked * scale).matmul(k.transpose(-2, -1)).to(.float32)
        // The kernel records no gradient.
        return scores.device == .cpu && !scores.requiresGrad ? try scores.fusedSoftmax() : try scores.softmax(dim: -1)
    }

    /// Three times [batch, heads, tokens, width / heads].
    private func split(_ x: Tensor) throws(TensorError) -> (q: Tensor, k: Tensor, v: Tensor) {
        let (batch, tokens, width) = (x.shape[0], x.shape[1], x.shape[2])
        let packed = try qkv(x).reshape([batch, tokens, 3, heads, width / heads]).permute([2, 0, 3, 1, 4])
        return try (packed.select(dim: 0, index: 0), packed.select(dim: 0, index: 1), packed.select(dim: 0, index: 2))
    }
}
