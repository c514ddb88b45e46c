public import CutisTensor

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), PyTorch's numerics, LibTorch's fused step.
///
/// Vectors (biases and the weights of norms) are not decayed.
public final class AdamW {
    /// A set of parameters with one decay.
    private struct Group {
        let parameters: [Int]
        let decay: Double
    }

    private let parameters: [Tensor]
    private let groups: [Group]
    private let constants: TensorList.Adam
    /// First moments, in the order of the parameters.
    package let averages: [Tensor]
    /// Second moments, in the order of the parameters.
    package let squareAverages: [Tensor]
    /// The number of steps, one fp32 scalar per parameter.
    package let steps: [Tensor]

    /// Starts with empty moments.
    ///
    /// - Parameters:
    ///   - parameters: fp32 leaves that gradients are recorded for.
    ///   - weightDecay: for every parameter with two or more dimensions.
    public init(
        _ parameters: [Tensor], weightDecay: Double = 0.01, beta1: Double = 0.9, beta2: Double = 0.999,
        epsilon: Double = 1e-8
    ) throws(TensorError) {
        self.parameters = parameters
        let decayed = parameters.indices.filter { parameters[$0].rank >= 2 }
        let others = parameters.indices.filter { parameters[$0].rank < 2 }
        groups = [Group(parameters: decayed, decay: weightDecay), Group(parameters: others, decay: 0)]
        constants = TensorList.Adam(beta1: beta1, beta2: beta2, weightDecay: weightDecay, epsilon: epsilon)
        // Moments keep the parameters' memory layout, which the fused step needs.
        averages = try withoutGrad { () throws(TensorError) in try Self.zeros(like: parameters) }
        squareAverages = try withoutGrad { () throws(TensorError) in try Self.zeros(like: parameters) }
        var steps: [Tensor] = []
        for _ in parameters { steps.append(try Tensor.scalar(0)) }
        self.steps = steps
    }

    /// Moves every parameter by one step.
    ///
    /// - Parameters:
    ///   - gradients: one for each parameter, of its shape.
    ///   - rate: the learning rate of this step.
    public func step(gradients: [Tensor], rate: Double) throws(TensorError) {
        try withoutGrad { () throws(TensorError) in
            for group in groups {
                var constants = constants
                constants.learningRate = rate
                constants.weightDecay = group.decay
                try TensorList.adamStep(
                    group.parameters.map { parameters[$0] }, gradients: group.parameters.map { gradients[$0] },
                    averages: group.parameters.map { averages[$0] },
                    squareAverages: group.parameters.map { squareAverages[$0] },
                    steps: group.parameters.map { steps[$0] }, constants)
            }
        }
    }

    private static func zeros(like parameters: [Tensor]) throws(TensorError) -> [Tensor] {
        var result: [Tensor] = []
        for parameter in parameters { result.append(try parameter.detach().zerosLike()) }
        return result
    }
}
