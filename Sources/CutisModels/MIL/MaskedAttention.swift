package import CutisTensor

/// The soft-max over the images of a case, without those that are not there.
package enum MaskedAttention {
    /// Attention weights of a zero-padded bag.
    ///
    /// Scores of missing images become the most negative finite float, the soft-max goes over the images, missing
    /// images get 0, and the rest is divided by its sum (at least 1e-12). A case without any image gets zeros.
    ///
    /// - Parameters:
    ///   - scores: [cases, images].
    ///   - mask: bool [cases, images], true for an image that is there.
    /// - Returns: [cases, images]; each row sums to 1, or to 0 where there is no image.
    package static func weights(_ scores: Tensor, mask: Tensor) throws(TensorError) -> Tensor {
        let lowest = Double(-Float.greatestFiniteMagnitude)
        let raw = try scores.maskedFill(mask.logicalNot(), lowest).softmax(dim: 1) * mask.to(scores.dtype)
        return try raw / raw.sum([1], keepdim: true).clamp(min: 1e-12)
    }
}
