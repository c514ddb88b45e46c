public import CutisTensor

extension VisionTransformer {
    /// What the class token looks at in the last block, mean over the heads (Caron et al. 2021).
    ///
    /// Only the columns of the patches are kept, so a row does not sum to 1. Without a class token it is what the
    /// patches look at on average.
    ///
    /// - Parameter x: [batch, channels, height, width], preprocessed.
    /// - Returns: [batch, rows, columns] of the patch grid, float32.
    public func classAttention(_ x: Tensor) throws -> Tensor {
        let (embedded, grid) = try embedding(x)
        let tokens = try blocks.dropLast().reduce(embedded) { try $1($0) }
        guard let last = blocks.last else { return try Tensor.zeros([x.shape[0], grid.rows, grid.columns]) }
        return try patchMap(last.attentionMap(tokens, queries: config.classToken ? 1 : nil), grid)
    }

    /// Attention rollout (Abnar and Zuidema 2020): the product over all blocks of half the head-mean attention plus
    /// half the identity, and of it the row of the class token.
    ///
    /// - Parameter x: [batch, channels, height, width], preprocessed.
    /// - Returns: [batch, rows, columns] of the patch grid, float32.
    public func attentionRollout(_ x: Tensor) throws -> Tensor {
        let (embedded, grid) = try embedding(x)
        var tokens = embedded
        let identity = try Tensor.eye(tokens.shape[1], dtype: .float32, device: tokens.device)
        var rollout: Tensor?
        for block in blocks {
            let mixed = try block.attentionMap(tokens) * 0.5 + identity * 0.5
            rollout = try rollout.map { try mixed.matmul($0) } ?? mixed
            tokens = try block(tokens)
        }
        guard let rollout else { return try Tensor.zeros([x.shape[0], grid.rows, grid.columns]) }
        return try patchMap(rollout, grid)
    }

    /// The part of an attention matrix [batch, queries, tokens] that leads from the class token to the patches.
    private func patchMap(_ attention: Tensor, _ grid: (rows: Int, columns: Int)) throws -> Tensor {
        let row =
            try config.classToken
            ? attention.select(dim: 1, index: 0)
            : attention.narrow(
                dim: 1, start: config.prefixTokens, length: grid.rows * grid.columns
            ).mean([1])
        return try row.narrow(dim: 1, start: config.prefixTokens, length: grid.rows * grid.columns)
            .reshape([attention.shape[0], grid.rows, grid.columns])
    }
}
