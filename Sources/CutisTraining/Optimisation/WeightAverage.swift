package import CutisTensor
import Foundation

/// An exponential moving average of a model's weights and batch-norm statistics.
///
/// The decay rises with the steps, min(decay, (1 + t) / (10 + t)), so that the first weights are forgotten quickly.
package final class WeightAverage {
    /// The averages, in the order of the weights.
    package let averages: [Tensor]
    private let decay: Double
    /// How many updates there have been.
    package var updates = 0

    /// Takes over the tensors that hold the averages; their present values are the start.
    package init(_ averages: [Tensor], decay: Double) {
        self.averages = averages
        self.decay = decay
    }

    /// Moves the averages towards the weights.
    package func update(from weights: [Tensor]) throws(TensorError) {
        let now = min(decay, Double(1 + updates) / Double(10 + updates))
        try withoutGrad { () throws(TensorError) in try TensorList.lerp(averages, weights, 1 - now) }
        updates += 1
    }
}
