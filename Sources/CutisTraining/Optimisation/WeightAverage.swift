package import CutisTensor
import Foundation

/// An exponential moving average of a model's weights and batch-norm statistics.
package final class WeightAverage {
    /// How the decay rises in the first updates, so that the first weights are forgotten quickly. t counts updates from 0.
    package enum WarmUp: Sendable, Hashable, Codable {
        /// The decay at once: timm's `ModelEmaV2`, and torch's `get_ema_multi_avg_fn` from its second update on.
        case none
        /// min(decay, (1 + t) / (10 + t)), TensorFlow's `num_updates` form.
        case ratio
        /// min(decay, 1 − (1 + t / inverse)^−power), timm's `ModelEmaV3`, whose steps count from 1 with the first.
        case power(inverse: Double, power: Double)
    }

    /// The averages, in the order of the weights.
    package let averages: [Tensor]
    private let decay: Double
    private let warmUp: WarmUp
    /// How many updates there have been; with the averages the whole state, for a checkpoint.
    package var updates = 0

    /// Takes over the tensors that hold the averages; their present values are the start.
    ///
    /// - Parameter decay: what is kept of the average in each update, 0..<1.
    package init(_ averages: [Tensor], decay: Double, warmUp: WarmUp = .ratio) {
        self.averages = averages
        self.decay = decay
        self.warmUp = warmUp
    }

    /// The decay of the next update.
    package var currentDecay: Double {
        switch warmUp {
        case .none: decay
        case .ratio: min(decay, Double(1 + updates) / Double(10 + updates))
        case .power(let inverse, let power): min(decay, 1 - pow(1 + Double(updates) / inverse, -power))
        }
    }

    /// Moves the averages towards the weights.
    package func update(from weights: [Tensor]) throws(TensorError) {
        let share = 1 - currentDecay
        try withoutGrad { () throws(TensorError) in try TensorList.lerp(averages, weights, share) }
        updates += 1
    }
}
