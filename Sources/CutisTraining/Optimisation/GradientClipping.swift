public import CutisTensor

/// How gradients are bounded before a step.
public enum GradientClipping: Sendable, Hashable, Codable {
    /// Not at all.
    case none
    /// Scaled down together where the norm of all of them is above this (PyTorch's `clip_grad_norm_`).
    case norm(Double)
    /// Each element cut to ± this (PyTorch's `clip_grad_value_`).
    case value(Double)

    /// Bounds gradients in place.
    ///
    /// - Returns: the Euclidean norm of all gradients before. Where it is not finite, nothing was changed, and the step
    ///   must not be made.
    public func apply(_ gradients: [Tensor]) throws(TensorError) -> Double {
        if case .norm(let maximum) = self { return try TensorList.clipNorm(gradients, maximum: maximum) }
        let norm = try TensorList.norm(gradients).item()
        if case .value(let maximum) = self, norm.isFinite {
            try TensorList.clipValue(gradients, maximum: maximum)
        }
        return norm
    }
}
