public import CutisTensor

/// AdamW with decoupled weight decay (Loshchilov and Hutter 2019), PyTorch's numerics, LibTorch's fused step.
public final class AdamW {
    /// What stays the same in every step; PyTorch's defaults.
    public struct Constants: Sendable, Hashable, Codable {
        /// Decay of the average of gradients.
        public var beta1: Double
        /// Decay of the average of squared gradients.
        public var beta2: Double
        /// Added to the divisor.
        public var epsilon: Double

        /// Makes constants.
        public init(beta1: Double = 0.9, beta2: Double = 0.999, epsilon: Double = 1e-8) {
            self.beta1 = beta1
            self.beta2 = beta2
            self.epsilon = epsilon
        }
    }

    private let parameters: [Tensor]
    private let groups: [ParameterGroup]
    private let constants: Constants
    /// First moments, in the order of the parameters.
    package let averages: [Tensor]
    /// Second moments, in the order of the parameters.
    package let squareAverages: [Tensor]
    /// The number of steps, one fp32 scalar per parameter: views of `counter`.
    package let steps: [Tensor]
    private let counter: Tensor

    /// Starts with empty moments.
    ///
    /// - Parameters:
    ///   - parameters: fp32 leaves that gradients are recorded for, all on one device, in plain memory order.
    ///   - groups: each parameter belongs to one of them.
    public init(
        _ parameters: [Tensor], groups: [ParameterGroup], constants: Constants = Constants()
    ) throws(TensorError) {
        try ParameterGroup.check(groups, count: parameters.count)
        self.parameters = parameters
        self.groups = groups
        self.constants = constants
        averages = try FusedStep.zeros(like: parameters)
        squareAverages = try FusedStep.zeros(like: parameters)
        counter = try Tensor.zeros([parameters.count], device: parameters.first?.device ?? .cpu)
        var steps: [Tensor] = []
        for index in parameters.indices { steps.append(try counter.select(dim: 0, index: index)) }
        self.steps = steps
    }
}

extension AdamW: Optimiser {
    package func step(gradients: [Tensor], rate: Double) throws(TensorError) {
        let gradients = try FusedStep.plain(gradients, for: parameters)
        try withoutGrad { () throws(TensorError) in
            for group in groups {
                let constants = TensorList.Adam(
                    learningRate: rate * group.rateScale, beta1: constants.beta1, beta2: constants.beta2,
                    weightDecay: group.weightDecay, epsilon: constants.epsilon)
                try TensorList.adamStep(
                    group.indices.map { parameters[$0] }, gradients: group.indices.map { gradients[$0] },
                    averages: group.indices.map { averages[$0] },
                    squareAverages: group.indices.map { squareAverages[$0] },
                    steps: group.indices.map { steps[$0] }, constants)
            }
        }
    }

    package var state: [(name: String, tensor: Tensor)] {
        averages.enumerated().map { (name: "moment1.\($0)", tensor: $1) }
            + squareAverages.enumerated().map { (name: "moment2.\($0)", tensor: $1) }
            + [(name: "steps", tensor: counter)]
    }
}
