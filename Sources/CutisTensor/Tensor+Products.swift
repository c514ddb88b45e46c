import CTorch

extension Tensor {
    /// The matrix product over the last two dimensions; the others broadcast.
    public func matmul(_ other: Tensor) throws(TensorError) -> Tensor {
        try produce("matmul", [self, other]) { ct_matmul(self.handle, other.handle, $0) }
    }

    /// x · weightᵀ + bias for [..., in], weight [out, in], bias [out].
    public func linear(_ weight: Tensor, _ bias: Tensor? = nil) throws(TensorError) -> Tensor {
        try produce("linear", [self, weight, bias]) {
            ct_linear(self.handle, weight.handle, bias?.handle, $0)
        }
    }

    /// Einstein's summation, such as `einsum("bhqd,bhkd->bhqk", [q, k])`.
    public static func einsum(_ equation: String, _ tensors: [Tensor]) throws(TensorError) -> Tensor {
        let handles = tensors.map(\.handle)
        return try produce("einsum", tensors) { ct_einsum(equation, handles, handles.count, $0) }
    }

    /// soft-max(q · kᵀ · scale + mask) · v for [..., length, width], without storing the scores where the kernel can.
    ///
    /// - Parameters:
    ///   - mask: Broadcasts to [..., queries, keys]: bool (true takes part), or added to the scores.
    ///   - causal: Each query sees the keys up to its own position; not together with a mask.
    ///   - scale: 1/√width where absent.
    public static func scaledDotProductAttention(
        _ query: Tensor, _ key: Tensor, _ value: Tensor, mask: Tensor? = nil, dropout: Double = 0,
        causal: Bool = false, scale: Double? = nil
    ) throws(TensorError) -> Tensor {
        try produce("scaledDotProductAttention", [query, key, value, mask]) { out in
            withOptional(scale) {
                ct_attention(query.handle, key.handle, value.handle, mask?.handle, dropout, causal, $0, out)
            }
        }
    }
}
