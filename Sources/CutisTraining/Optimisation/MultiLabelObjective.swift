public import CutisTensor

/// The loss of cases with any number of labels, binary ones too: binary cross-entropy of each label's logit, with a
/// weight of the positives or a focal factor where asked for.
///
/// Each element is −w·y·log σ(x) − (1−y)·log(1−σ(x)), as PyTorch's `BCEWithLogitsLoss(pos_weight=w)`. With γ it is times
/// (1−q)^γ, q = σ(x)·y + (1−σ(x))·(1−y) being the probability of what is true, and with α times α·y + (1−α)·(1−y)
/// (Lin et al. 2017; torchvision's `sigmoid_focal_loss`). The loss is the mean over cases and labels.
public struct MultiLabelObjective: Sendable, Hashable, Codable {
    /// One weight of the positives per label.
    public var positiveWeights: [Double]
    /// γ of the focal factor: 0 for none, else at least 1, below which its slope has no bound.
    public var focalGamma: Double
    /// α of the focal factor, the positives' share of the weight; nil weighs both alike with 1.
    public var focalAlpha: Double?

    /// Makes an objective.
    public init(positiveWeights: [Double], focalGamma: Double = 0, focalAlpha: Double? = nil) {
        self.positiveWeights = positiveWeights
        self.focalGamma = focalGamma
        self.focalAlpha = focalAlpha
    }

    /// The part of the batch's loss that these cases cause.
    ///
    /// - Parameters:
    ///   - logits: fp32 [N, labels].
    ///   - targets: fp32 [N, labels], 0…1, on the logits' device.
    ///   - count: cases in the whole batch when these are a part of it, so that the parts' losses and gradients add up to
    ///     the batch's.
    /// - Returns: a scalar that gradients flow through.
    public func callAsFunction(_ logits: Tensor, _ targets: Tensor, count: Int) throws(TensorError) -> Tensor {
        let labels = positiveWeights.count
        let weights = try Tensor(positiveWeights.map(Float.init), shape: [labels]).to(logits.device)
        var elements = try logits.binaryCrossEntropyWithLogits(targets, posWeight: weights, reduction: .none)
        if focalGamma != 0 {
            let p = try logits.sigmoid()
            let missing = try 1 - (p * targets + (1 - p) * (1 - targets))
            elements = try elements * missing.pow(focalGamma)
        }
        if let focalAlpha {
            elements = try elements * (targets * focalAlpha + (1 - targets) * (1 - focalAlpha))
        }
        return try elements.sum() / Double(count * labels)
    }
}
