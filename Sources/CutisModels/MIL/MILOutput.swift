public import CutisTensor

/// What the last numbers of a head are.
public enum MILOutputMeaning: String, Codable, Sendable, Hashable, CaseIterable {
    /// One probability per label, each for itself.
    case sigmoid
    /// Probabilities of classes that exclude each other; they sum to 1.
    case softmax
    /// One logit per label; a sigmoid makes the probabilities.
    case logits
    /// Logits of classes that exclude each other; a soft-max makes the probabilities.
    case softmaxLogits = "softmax_logits"

    /// Whether the numbers are probabilities already.
    public var isProbability: Bool { self == .sigmoid || self == .softmax }

    /// Probabilities [cases, classes] of a head's numbers [cases, classes].
    func probabilities(_ output: Tensor) throws(TensorError) -> Tensor {
        switch self {
        case .sigmoid, .softmax: output
        case .logits: try output.sigmoid()
        case .softmaxLogits: try output.softmax(dim: 1)
        }
    }
}

/// The answer of a head to a batch of cases.
public struct MILOutput {
    /// [cases, classes], 0…1.
    public let probabilities: Tensor
    /// [cases, classes], where the head computes logits.
    public let logits: Tensor?
    /// [cases, images], how much each image counts; nil where the head has no attention that can be told.
    ///
    /// It is a weight inside the model, not a measure of evidence.
    public let attention: Tensor?
}
