public import CutisTensor

/// What a vision transformer knows about a batch of images before its head.
public struct ViTFeatures {
    /// All tokens after the last block (and the final norm, where it stands on the tokens): [batch, tokens, width].
    public let tokens: Tensor
    /// What the head or the projection sees: [batch, width]. Not normalised to length 1.
    public let pooled: Tensor
    /// The class token [batch, width], or nil where there is none.
    public let classToken: Tensor?
    /// The registers [batch, registers, width]; TIPSv2's single register is its second class token.
    public let registers: Tensor
    /// The patches, row by row: [batch, rows · columns, width].
    public let patches: Tensor
    /// Rows and columns of the patches.
    public let grid: (rows: Int, columns: Int)
}
