public import CutisTensor

/// Dynamic loss scaling for float16 gradients, whose small values would vanish (Micikevicius et al. 2018); the rules and
/// numbers of PyTorch's `GradScaler`.
///
/// Each step: gradients of `scaled(loss)`, then `unscale(gradients)`; a step whose gradients are not finite is left out.
/// bfloat16 has float32's range and needs none of this.
public struct LossScaler: Sendable, Hashable, Codable {
    /// The present factor of the loss, a float32 as in PyTorch. With `streak` the whole state, for a checkpoint.
    public private(set) var scale: Float
    /// Finite steps since the factor last changed.
    public private(set) var streak = 0
    /// The factor changes by this after `growthInterval` finite steps in a row.
    public let growth: Float
    /// The factor changes by this where gradients are not finite.
    public let backoff: Float
    /// Finite steps until the factor grows.
    public let growthInterval: Int

    /// Makes a scaler; the defaults are PyTorch's.
    public init(scale: Float = 65536, growth: Float = 2, backoff: Float = 0.5, growthInterval: Int = 2000) {
        self.scale = scale
        self.growth = growth
        self.backoff = backoff
        self.growthInterval = growthInterval
    }

    /// The loss times the factor.
    public func scaled(_ loss: Tensor) throws(TensorError) -> Tensor { try loss * Double(scale) }

    /// Divides gradients by the factor in place and adapts the factor to what they were.
    ///
    /// - Parameter gradients: all gradients of the step, on one device.
    /// - Returns: whether all were finite; otherwise the step is to be left out.
    public mutating func unscale(_ gradients: [Tensor]) throws(TensorError) -> Bool {
        let isFinite = try TensorList.unscale(gradients, scale: Double(scale))
        guard isFinite else {
            scale *= backoff
            streak = 0
            return false
        }
        streak += 1
        guard streak == growthInterval else { return true }
        // A factor that is not finite would end the training.
        if (scale * growth).isFinite { scale *= growth }
        streak = 0
        return true
    }
}
