public import CutisTensor

/// A vision transformer made for inference on a CPU: packed weights, fused activations, no stored attention scores.
///
/// It gives what `VisionTransformer` gives for the same weights, within rounding, and cannot be trained. Of the last
/// block only what the pooling reads is computed.
public final class PackedViT {
    /// The numbers that decide what is computed.
    public let config: ViTConfig
    private let embedding: PatchEmbedding
    private let patches: PackedLinear
    private let blocks: [PackedBlock]
    private let norm: LayerNorm
    private let head: ViTHead
    private let arena: Arena
    /// Where float16 weights are mapped from; they go through memory block by block and need not stay there.
    private let mapped: WeightReader?

    /// Takes all weights from the reader, block by block, and packs them; call `finish` on it before use.
    ///
    /// - Throws: `CutisError` `.configInvalid`, or what the reader throws; `TensorError`.
    public init(_ config: ViTConfig, _ reader: WeightReader, precision: InferencePrecision) throws {
        try config.validate()
        self.config = config
        let (rows, columns) = config.grid
        let tokens = config.prefixTokens + rows * columns
        // The first and the last layers are small and decide much: they stay float32.
        let wide = reader.reading(as: .float32)
        embedding = try PatchEmbedding(config, wide)
        patches = try embedding.packedProjection(rows: rows * columns)
        blocks = try (0..<config.depth).map { index in
            let name = "blocks.\(index)"
            let block = try TransformerBlock(config, reader / "blocks" / index)
            return try PackedBlock(block, config, name: name, rows: tokens, precision, reader)
        }
        norm = try LayerNorm(config.width, epsilon: config.normEpsilon, wide / "norm")
        head = try ViTHead(config, wide, packed: true)
        arena = try Arena()
        mapped = precision == .halfStored ? reader : nil
    }

    /// What the head sees.
    ///
    /// - Parameters:
    ///   - x: [batch, channels, height, width], preprocessed, float32.
    ///   - observer: sees the input of each block's layers.
    /// - Returns: [batch, width], float32.
    public func pooled(_ x: Tensor, observer: LayerObserver? = nil) throws -> Tensor {
        try arena.use {
            let (stream, grid) = try embedding(x, projecting: patches)
            var (tokens, pending): (Tensor, Tensor?) = (stream, nil)
            for (index, block) in blocks.enumerated() {
                // Calibration must see what a service sees, all tokens of the last block's keys included.
                let isLast = index + 1 == blocks.count
                let queries = isLast && config.pooling == .classToken ? 1 : nil
                (tokens, pending) = try block(tokens, pending: pending, queries: queries, observer: observer)
                mapped?.releasePages()
            }
            if let pending { try tokens.addBranch(pending) }
            return try pool(tokens, patches: grid.rows * grid.columns)
        }
    }

    /// Logits [batch, classes] with a head, else the embedding [batch, projection width] with a projection, else the
    /// pooled features [batch, width]; float32.
    public func callAsFunction(_ x: Tensor) throws -> Tensor { try head(pooled(x)) }

    /// What comes after the pooled features: logits, the projection, or the features themselves.
    package func answer(_ pooled: Tensor) throws -> Tensor { try head(pooled) }

    /// How the memory between the layers was used.
    package var memory: Arena.Use { arena.statistics }

    private func pool(_ tokens: Tensor, patches count: Int) throws -> Tensor {
        guard config.pooling == .average else {
            return try norm(tokens.select(dim: 1, index: 0).contiguous())
        }
        let normed = config.finalNorm == .tokens ? try norm(tokens) : tokens
        let mean = try normed.narrow(dim: 1, start: config.prefixTokens, length: count).mean([1])
        return config.finalNorm == .pooled ? try norm(mean) : mean
    }
}
