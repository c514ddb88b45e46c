package import CutisTensor

/// One pre-norm transformer block: x + γ₁·attention(norm x), then x + γ₂·mlp(norm x).
package struct TransformerBlock {
    let norm1: LayerNorm
    let attention: SelfAttention
    /// LayerScale's γ₁ [width] (Touvron et al. 2021), or nil.
    let scale1: Tensor?
    let norm2: LayerNorm
    let mlp: FeedForward
    /// LayerScale's γ₂ [width], or nil.
    let scale2: Tensor?

    init(_ config: ViTConfig, _ reader: WeightReader) throws {
        func scale(_ name: String) throws -> Tensor? {
            guard config.layerScale else { return nil }
            return try reader.tensor(name, shape: [config.width], initialiser: .constant(1e-5))
        }
        norm1 = try LayerNorm(config.width, epsilon: config.normEpsilon, reader / "norm1")
        attention = try SelfAttention(config, reader / "attention")
        scale1 = try scale("scale1")
        norm2 = try LayerNorm(config.width, epsilon: config.normEpsilon, reader / "norm2")
        mlp = try FeedForward(config, reader / "mlp")
        scale2 = try scale("scale2")
    }

    /// [batch, tokens, width] → the same shape.
    package func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        let mixed = try x + scaled(attention(norm1(x)), by: scale1)
        return try mixed + scaled(mlp(norm2(mixed)), by: scale2)
    }

    /// All learnable weights.
    var parameters: [Tensor] {
        let layers = [attention.qkv, attention.projection, mlp.first, mlp.second]
        return [norm1.weight, norm1.bias, norm2.weight, norm2.bias]
            + layers.flatMap { [$0.weight, $0.bias].compactMap(\.self) } + [scale1, scale2].compactMap(\.self)
    }

    /// The attention of the first `queries` tokens (nil: of all), mean over the heads: [batch, queries, tokens].
    func attentionMap(_ x: Tensor, queries: Int? = nil) throws(TensorError) -> Tensor {
        try attention.probabilities(norm1(x), queries: queries).mean([1])
    }

    private func scaled(_ branch: Tensor, by scale: Tensor?) throws(TensorError) -> Tensor {
        guard let scale else { return branch }
        return try branch * scale
    }
}
