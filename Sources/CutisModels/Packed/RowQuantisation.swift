public import CutisTensor

/// Symmetric int8 weights with one scale per output.
public struct RowQuantisation {
    /// int8, the shape of the weight, within ±127.
    public let weight: Tensor
    /// float32 [outputs]; the largest number of a row is 127 times its scale.
    public let scales: Tensor

    /// Quantises a float weight [outputs, …] by the largest magnitude of each row, or of all.
    ///
    /// Weights that were quantised before give the same integers again: each row of those holds ±127.
    public init(
        _ weight: Tensor, _ granularity: QuantisationPlan.Granularity = .perOutput
    ) throws(TensorError) {
        let outputs = weight.shape[0]
        let rows = try weight.to(.float32).reshape([outputs, weight.count / max(outputs, 1)])
        let own = try rows.abs().max([1])
        let largest = granularity == .perOutput ? own : try own.max().expand([outputs]).contiguous()
        // A row of zeros has any scale.
        scales = try (largest / 127).clamp(min: 1e-30)
        self.weight = try (rows / scales.unsqueeze(1)).round().clamp(min: -127, max: 127).to(.int8)
            .reshape(weight.shape)
    }
}
