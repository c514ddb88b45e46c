import CTorch

extension TensorList {
    /// Constants of Adam (Kingma and Ba, 2015) and AdamW (Loshchilov and Hutter, 2019); PyTorch's defaults for AdamW.
    public struct Adam: Sendable, Hashable {
        /// Step size.
        public var learningRate: Double
        /// Decay of the average of gradients.
        public var beta1: Double
        /// Decay of the average of squared gradients.
        public var beta2: Double
        /// Weight decay.
        public var weightDecay: Double
        /// Added to the divisor.
        public var epsilon: Double
        /// Whether the decay shrinks the parameters directly (AdamW) instead of joining the gradient (Adam).
        public var decoupled: Bool

        /// Constants of a step.
        public init(
            learningRate: Double = 1e-3, beta1: Double = 0.9, beta2: Double = 0.999, weightDecay: Double = 1e-2,
            epsilon: Double = 1e-8, decoupled: Bool = true
        ) {
            self.learningRate = learningRate
            self.beta1 = beta1
            self.beta2 = beta2
            self.weightDecay = weightDecay
            self.epsilon = epsilon
            self.decoupled = decoupled
        }
    }

    /// One fused step of Adam or AdamW.
    ///
    /// - Parameters:
    ///   - averages: Zeros before the first step, like `squareAverages`; shapes of the parameters.
    ///   - steps: One float32 tensor of rank 0 for each parameter, 0 before the first step; raised by 1 here.
    public static func adamStep(
        _ parameters: [Tensor], gradients: [Tensor], averages: [Tensor], squareAverages: [Tensor], steps: [Tensor],
        _ constants: Adam
    ) throws(TensorError) {
        try same("TensorList.adamStep", parameters, gradients, averages, squareAverages, steps)
        guard !parameters.isEmpty else { return }
        try add(steps, 1)
        let lists = [parameters, gradients, averages, squareAverages, steps]
        let handles = lists.map { $0.map(\.handle) }
        let code = CTAdam(
            learning_rate: constants.learningRate, beta1: constants.beta1, beta2: constants.beta2,
            weight_decay: constants.weightDecay, epsilon: constants.epsilon, decoupled: constants.decoupled)
        try withExtendedLifetime(lists) { () throws(TensorError) in
            try check("TensorList.adamStep", []) {
                ct_adam_step(
                    handles[0], handles[1], handles[2], handles[3], handles[4], parameters.count, code)
            }
        }
    }

    /// Constants of stochastic gradient descent, as PyTorch's `SGD`.
    public struct SGD: Sendable, Hashable {
        /// Step size.
        public var learningRate: Double
        /// Part of the last step that is kept; 0 for none.
        public var momentum: Double
        /// Weight decay, joined to the gradient.
        public var weightDecay: Double
        /// Nesterov's look-ahead.
        public var nesterov: Bool

        /// Constants of a step.
        public init(
            learningRate: Double = 1e-3, momentum: Double = 0, weightDecay: Double = 0, nesterov: Bool = false
        ) {
            self.learningRate = learningRate
            self.momentum = momentum
            self.weightDecay = weightDecay
            self.nesterov = nesterov
        }
    }

    /// One fused step of SGD.
    ///
    /// - Parameters:
    ///   - buffers: Shapes of the parameters; needed (with any values before the first step) where there is momentum.
    ///   - isFirstStep: Fills the buffers with the gradients instead of blending.
    public static func sgdStep(
        _ parameters: [Tensor], gradients: [Tensor], buffers: [Tensor], isFirstStep: Bool, _ constants: SGD
    ) throws(TensorError) {
        try same("TensorList.sgdStep", parameters, gradients)
        if constants.momentum != 0 { try same("TensorList.sgdStep", parameters, buffers) }
        guard !parameters.isEmpty else { return }
        let lists = [parameters, gradients, buffers]
        let handles = lists.map { $0.map(\.handle) }
        let momentumHandles = constants.momentum == 0 ? nil : handles[2]
        let code = CTSGD(
            learning_rate: constants.learningRate, momentum: constants.momentum,
            weight_decay: constants.weightDecay, nesterov: constants.nesterov, first_step: isFirstStep)
        try withExtendedLifetime(lists) { () throws(TensorError) in
            try check("TensorList.sgdStep", []) {
                ct_sgd_step(handles[0], handles[1], momentumHandles, parameters.count, code)
            }
        }
    }
}
