public import CutisTensor

/// The loss of images with one class each: weighted cross-entropy, and a focal term on one class where asked for.
///
/// Cross-entropy with label smoothing ε, as PyTorch has it:
/// `[(1−ε)·Σ_n −w_y·log p_y + (ε/C)·Σ_n Σ_c −w_c·log p_c] / Σ_n w_y`. The focal term is the mean over the batch of
/// −(1−p)^γ·log p for images of the focal class and −p^γ·log(1−p) for the others, p being the focal class's
/// probability (Lin et al. 2017, one class against the rest).
public struct Objective: Sendable, Hashable, Codable {
    /// One weight per class.
    public var classWeights: [Double]
    /// ε of label smoothing, 0…1.
    public var labelSmoothing: Double
    /// The class of the focal term; nil for none.
    public var focalClass: Int?
    /// λ of the focal term.
    public var focalWeight: Double
    /// γ of the focal term.
    public var focalGamma: Double

    /// Makes an objective.
    public init(
        classWeights: [Double], labelSmoothing: Double = 0, focalClass: Int? = nil, focalWeight: Double = 0.3,
        focalGamma: Double = 2
    ) {
        self.classWeights = classWeights
        self.labelSmoothing = labelSmoothing
        self.focalClass = focalClass
        self.focalWeight = focalWeight
        self.focalGamma = focalGamma
    }

    /// Targets of a batch or of a part of it.
    public struct Targets {
        /// The class of each image, int64 [N].
        public let labels: Tensor
        /// The class mixed into each image, int64 [N], with the share of the image itself; nil where nothing is mixed.
        public let mixture: (partners: Tensor, share: Double)?
        /// Σ w_y of the whole batch, that of the partners too: they are the batch's images in another order.
        public let weightSum: Double
        /// Images in the whole batch.
        public let count: Int

        /// Joins targets; `weightSum` and `count` are those of the whole batch when these are a part of it, so that the
        /// parts' losses and gradients add up to the batch's.
        public init(labels: Tensor, mixture: (partners: Tensor, share: Double)? = nil, weightSum: Double, count: Int) {
            self.labels = labels
            self.mixture = mixture
            self.weightSum = weightSum
            self.count = count
        }
    }

    /// Σ w_y over the labels of a whole batch, for `Targets`.
    public func weightSum(_ labels: some Sequence<Int>) -> Double {
        labels.reduce(0) { $0 + classWeights[$1] }
    }

    /// The part of the batch's loss that these images cause.
    ///
    /// - Parameters:
    ///   - logits: fp32 [N, C].
    ///   - targets: their N targets, on the logits' device.
    /// - Returns: a scalar that gradients flow through.
    public func callAsFunction(_ logits: Tensor, _ targets: Targets) throws(TensorError) -> Tensor {
        let weight = try Tensor(classWeights.map(Float.init), shape: [classWeights.count]).to(logits.device)
        var loss = try crossEntropy(logits, targets.labels, weight)
        if let (partners, share) = targets.mixture {
            loss = try loss * share + crossEntropy(logits, partners, weight) * (1 - share)
        }
        loss = try loss / targets.weightSum
        guard let focalClass, focalWeight != 0 else { return loss }
        var isFocal = try Self.mask(targets.labels, focalClass)
        if let (partners, share) = targets.mixture {
            isFocal = try isFocal * share + Self.mask(partners, focalClass) * (1 - share)
        }
        return try loss + focal(logits, focalClass, isFocal) * (focalWeight / Double(targets.count))
    }

    private func crossEntropy(_ logits: Tensor, _ labels: Tensor, _ weight: Tensor) throws(TensorError) -> Tensor {
        try logits.crossEntropy(labels, weight: weight, labelSmoothing: labelSmoothing, reduction: .sum)
    }

    private static func mask(_ labels: Tensor, _ focalClass: Int) throws(TensorError) -> Tensor {
        try labels.eq(Double(focalClass)).to(.float32)
    }

    /// The sum of the focal terms. log(1 − p) comes from the other classes' logits, which stays exact where p is 1.
    private func focal(_ logits: Tensor, _ focalClass: Int, _ isFocal: Tensor) throws(TensorError) -> Tensor {
        let classes = classWeights.count
        let all = try logits.logsumexp([1])
        let others = try Tensor.cat(
            [
                logits.narrow(dim: 1, start: 0, length: focalClass),
                logits.narrow(dim: 1, start: focalClass + 1, length: classes - focalClass - 1),
            ], dim: 1)
        let logP = try logits.select(dim: 1, index: focalClass) - all
        let logRest = try others.logsumexp([1]) - all
        let positives = try (logRest * focalGamma).exp() * logP
        let negatives = try (logP * focalGamma).exp() * logRest
        return try -(isFocal * positives + (1 - isFocal) * negatives).sum()
    }
}
