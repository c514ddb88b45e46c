import CTorch

/// How a loss gathers its elements.
public enum Reduction: Sendable, Hashable {
    case none, mean, sum

    var code: CTReduction {
        switch self {
        case .none: CT_REDUCE_NONE
        case .mean: CT_REDUCE_MEAN
        case .sum: CT_REDUCE_SUM
        }
    }
}

extension Tensor {
    /// The cross-entropy of logits [N, C, …] with int64 classes [N, …], or with probabilities [N, C, …].
    ///
    /// With class weights and classes as target, the mean divides by the sum of the weights used; with probabilities
    /// by N.
    /// - Parameter ignored: Rows of this class count for nothing.
    public func crossEntropy(
        _ target: Tensor, weight: Tensor? = nil, labelSmoothing: Double = 0, ignored: Int = -100,
        reduction: Reduction = .mean
    ) throws(TensorError) -> Tensor {
        try produce("crossEntropy", [self, target, weight]) {
            ct_cross_entropy(
                self.handle, target.handle, weight?.handle, reduction.code, ignored, labelSmoothing, $0)
        }
    }

    /// The negative log-likelihood of log-probabilities [N, C, …] with int64 classes [N, …].
    public func nllLoss(
        _ target: Tensor, weight: Tensor? = nil, ignored: Int = -100, reduction: Reduction = .mean
    ) throws(TensorError) -> Tensor {
        try produce("nllLoss", [self, target, weight]) {
            ct_nll_loss(self.handle, target.handle, weight?.handle, reduction.code, ignored, $0)
        }
    }

    /// The binary cross-entropy of logits, stable; `posWeight` multiplies the positive term.
    public func binaryCrossEntropyWithLogits(
        _ target: Tensor, weight: Tensor? = nil, posWeight: Tensor? = nil, reduction: Reduction = .mean
    ) throws(TensorError) -> Tensor {
        try produce("binaryCrossEntropyWithLogits", [self, target, weight, posWeight]) {
            ct_bce_with_logits(
                self.handle, target.handle, weight?.handle, posWeight?.handle, reduction.code, $0)
        }
    }

    /// The binary cross-entropy of probabilities; logarithms are cut at −100.
    public func binaryCrossEntropy(
        _ target: Tensor, weight: Tensor? = nil, reduction: Reduction = .mean
    ) throws(TensorError) -> Tensor {
        try produce("binaryCrossEntropy", [self, target, weight]) {
            ct_bce(self.handle, target.handle, weight?.handle, reduction.code, $0)
        }
    }

    /// The squared difference.
    public func mseLoss(_ target: Tensor, reduction: Reduction = .mean) throws(TensorError) -> Tensor {
        try produce("mseLoss", [self, target]) { ct_mse_loss(self.handle, target.handle, reduction.code, $0) }
    }

    /// The absolute difference.
    public func l1Loss(_ target: Tensor, reduction: Reduction = .mean) throws(TensorError) -> Tensor {
        try produce("l1Loss", [self, target]) { ct_l1_loss(self.handle, target.handle, reduction.code, $0) }
    }

    /// The squared difference / (2 · beta) below `beta`, the absolute difference − beta / 2 above.
    public func smoothL1Loss(
        _ target: Tensor, beta: Double = 1, reduction: Reduction = .mean
    ) throws(TensorError) -> Tensor {
        try produce("smoothL1Loss", [self, target]) {
            ct_smooth_l1_loss(self.handle, target.handle, beta, reduction.code, $0)
        }
    }

    /// target · (log target − x) for log-probabilities x; the mean is over elements.
    public func klDivergence(
        _ target: Tensor, logTarget: Bool = false, reduction: Reduction = .mean
    ) throws(TensorError) -> Tensor {
        try produce("klDivergence", [self, target]) {
            ct_kl_div(self.handle, target.handle, logTarget, reduction.code, $0)
        }
    }

    /// The cosine of the angle between vectors along `dim`.
    public func cosineSimilarity(
        _ other: Tensor, dim: Int = 1, epsilon: Double = 1e-8
    ) throws(TensorError) -> Tensor {
        try produce("cosineSimilarity", [self, other]) {
            ct_cosine_similarity(self.handle, other.handle, dim, epsilon, $0)
        }
    }
}
