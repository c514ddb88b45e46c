public import CutisTensor

/// A vision transformer (Dosovitskiy et al. 2020) in all published forms: what differs is in `ViTConfig`.
public final class VisionTransformer {
    /// The numbers that decide what is computed.
    public let config: ViTConfig
    /// Whether dropout is active.
    public var isTraining = false
    /// Whether the inner results of each block are computed again in the backward pass instead of being kept.
    public var checkpointing = false
    /// What dropout draws from in training; nil takes the process-wide generator.
    public var generator: Generator?

    let embedding: PatchEmbedding
    package let blocks: [TransformerBlock]
    private let norm: LayerNorm
    private let head: ViTHead

    /// Takes all weights from the reader; call `finish` on it before the model is used.
    ///
    /// - Throws: `CutisError` `.configInvalid`, or what the reader throws.
    public init(_ config: ViTConfig, _ reader: WeightReader) throws {
        try config.validate()
        self.config = config
        embedding = try PatchEmbedding(config, reader)
        blocks = try (0..<config.depth).map { try TransformerBlock(config, reader / "blocks" / $0) }
        norm = try LayerNorm(config.width, epsilon: config.normEpsilon, reader / "norm")
        head = try ViTHead(config, reader)
    }

    /// The tokens before the first block: [batch, tokens, width].
    package func embed(_ x: Tensor) throws -> Tensor { try embedding(x).tokens }

    /// The tokens and what is pooled from them.
    ///
    /// - Parameter x: [batch, channels, height, width], preprocessed.
    /// - Throws: `CutisError` `.configInvalid` for a size that the model cannot take, `TensorError`.
    public func features(_ x: Tensor) throws -> ViTFeatures {
        let (embedded, grid) = try embedding(x)
        var tokens = try blocks.reduce(embedded) { tokens, block in
            guard checkpointing else { return try block(tokens) }
            return try checkpointed([tokens], parameters: block.parameters) { inputs, _ in try block(inputs[0]) }
        }
        if config.finalNorm == .tokens { tokens = try norm(tokens) }
        let batch = tokens.shape[0]
        let first = config.classToken ? 1 : 0
        let classToken = try config.classToken ? tokens.select(dim: 1, index: 0) : nil
        let registers = try tokens.narrow(dim: 1, start: first, length: config.registers)
        let patches = try tokens.narrow(dim: 1, start: config.prefixTokens, length: grid.rows * grid.columns)
        var pooled = try classToken ?? patches.mean([1])
        if config.pooling == .average { pooled = try patches.mean([1]) }
        if config.finalNorm == .pooled { pooled = try norm(pooled) }
        return ViTFeatures(
            tokens: tokens, pooled: try pooled.reshape([batch, config.width]), classToken: classToken,
            registers: registers, patches: patches, grid: grid)
    }

    /// Logits [batch, classes] with a head, else the embedding [batch, projection width] with a projection, else the
    /// pooled features [batch, width].
    ///
    /// - Parameter x: [batch, channels, height, width], preprocessed.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try head(features(x).pooled, training: isTraining, generator: generator)
    }
}
