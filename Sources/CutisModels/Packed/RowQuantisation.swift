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
        // A few rows at a time: the steps' results would take several times the memory of a large layer.
        let blocks = try stride(from: 0, to: outputs, by: Self.blockRows).map { start throws(TensorError) in
            try rows.narrow(dim: 0, start: start, length: min(Self.blockRows, outputs - start))
        }
        let own = try Tensor.cat(blocks.map { block throws(TensorError) in try block.abs().max([1]) }, dim: 0)
        let largest = granularity == .perOutput ? own : try own.max().expand([outputs]).contiguous()
        // A row of zeros has any scale.
        let scales = try (largest / 127).clamp(min: 1e-30)
        let integers = try blocks.enumerated().map { index, block throws(TensorError) in
            let scale = try scales.narrow(dim: 0, start: index * Self.blockRows, length: block.shape[0])
            return try (block / scale.unsqueeze(1)).round().clamp(min: -127, max: 127).to(.int8)
        }
        self.scales = scales
        self.weight = try Tensor.cat(integers, dim: 0).reshape(weight.shape)
    }

    private static let blockRows = 128
}
