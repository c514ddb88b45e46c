package import CutisTensor

/// Adds up losses and gradients over the parts of a batch that does not fit into memory at once.
///
/// The objectives normalise by the whole batch (`Objective.Targets`, `count` of `MultiLabelObjective`), so the sum is the
/// batch's own, whatever the sizes of the parts.
package struct GradientAccumulator {
    private var loss = 0.0
    private var gradients: [Tensor] = []

    /// Starts empty.
    package init() {}

    /// Adds a part. The first part's tensors hold the sum and belong to the accumulator from here on.
    package mutating func add(loss part: Double, gradients others: [Tensor]) throws(TensorError) {
        loss += part
        guard !gradients.isEmpty else {
            gradients = others
            return
        }
        try withoutGrad { () throws(TensorError) in try TensorList.add(gradients, others) }
    }

    /// The sums, after which it is empty again.
    package mutating func take() -> (loss: Double, gradients: [Tensor]) {
        defer { self = GradientAccumulator() }
        return (loss, gradients)
    }
}
