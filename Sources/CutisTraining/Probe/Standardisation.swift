public import CutisTensor

/// The mean and standard deviation of each feature, as scikit-learn's `StandardScaler` has them.
///
/// Deviations divide by n (not n − 1); a feature that never changes has deviation 1, so that it becomes 0.
public struct Standardisation {
    /// float64 [D].
    public let mean: Tensor
    /// float64 [D], none 0.
    public let deviation: Tensor

    /// Measures features [N, D].
    public init(_ features: Tensor) throws(TensorError) {
        let wide = try features.to(DType.float64)
        mean = try wide.mean([0])
        let variance = try (wide - mean).square().mean([0])
        // Rounding leaves a constant feature a variance of about (ε·mean)², which is no variance.
        let floor = try (mean.abs() * (10 * Double.ulpOfOne)).square()
        let one = try Tensor.ones([mean.count], dtype: .float64)
        deviation = try Tensor.where(variance.le(floor), one, variance).sqrt()
    }

    /// (features − mean) / deviation, float64 [N, D].
    public func callAsFunction(_ features: Tensor) throws(TensorError) -> Tensor {
        try (features.to(DType.float64) - mean) / deviation
    }
}
