public import CutisTensor

/// Stochastic gradient descent with momentum, PyTorch's form: the decay joins the gradient, the momentum buffer adds up
/// gradients without dampening, and the learning rate scales what is taken from it. LibTorch's fused step.
public final class SGD {
    /// What stays the same in every step.
    public struct Constants: Sendable, Hashable, Codable {
        /// Part of the last step that is kept; 0 for none.
        public var momentum: Double
        /// Looks ahead along the buffer (Nesterov); needs momentum.
        public var nesterov: Bool

        /// Makes constants.
        public init(momentum: Double = 0.9, nesterov: Bool = false) {
            self.momentum = momentum
            self.nesterov = nesterov
        }
    }

    private let parameters: [Tensor]
    private let groups: [ParameterGroup]
    private let constants: Constants
    // Zeros before the first step: momentum · 0 + gradient is the very gradient that PyTorch starts from.
    private let buffers: [Tensor]

    /// Starts without momentum.
    ///
    /// - Parameters:
    ///   - parameters: fp32 leaves that gradients are recorded for, all on one device, in plain memory order.
    ///   - groups: each parameter belongs to one of them.
    public init(
        _ parameters: [Tensor], groups: [ParameterGroup], constants: Constants = Constants()
    ) throws(TensorError) {
        try ParameterGroup.check(groups, count: parameters.count)
        guard constants.momentum > 0 || !constants.nesterov else {
            throw TensorError(.argument, "SGD", message: "Nesterov's form needs momentum")
        }
        self.parameters = parameters
        self.groups = groups
        self.constants = constants
        let buffers = try FusedStep.zeros(like: parameters)
        self.buffers = constants.momentum == 0 ? [] : buffers
    }
}

extension SGD: Optimiser {
    package func step(gradients: [Tensor], rate: Double) throws(TensorError) {
        let gradients = try FusedStep.plain(gradients, for: parameters)
        try withoutGrad { () throws(TensorError) in
            for group in groups {
                let constants = TensorList.SGD(
                    learningRate: rate * group.rateScale, momentum: constants.momentum,
                    weightDecay: group.weightDecay, nesterov: constants.nesterov)
                try TensorList.sgdStep(
                    group.indices.map { parameters[$0] }, gradients: group.indices.map { gradients[$0] },
                    buffers: buffers.isEmpty ? [] : group.indices.map { buffers[$0] }, isFirstStep: false, constants)
            }
        }
    }

    package var state: [(name: String, tensor: Tensor)] {
        buffers.enumerated().map { (name: "momentum.\($0)", tensor: $1) }
    }
}
