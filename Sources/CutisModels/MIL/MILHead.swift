import CutisCore
public import CutisTensor

/// A network on the embeddings of a case's images: PyTorch's gated attention or a Keras graph.
///
/// Heads hold tensors and belong to one thread.
public protocol MILHead: AnyObject {
    /// The width of one image's embedding.
    var inputWidth: Int { get }
    /// How many images a bag has; nil where any number will do.
    var maximumInstances: Int? { get }
    /// How many classes the head answers.
    var outputCount: Int { get }
    /// Whether the answers tell how much each image counts.
    var hasAttention: Bool { get }

    /// Answers a batch of cases.
    ///
    /// - Parameters:
    ///   - bag: [cases, images, `inputWidth`]; rows of missing images are zeros, and stand behind the others.
    ///   - mask: [cases, images], true (or not 0) for an image that is there; nil: rows that are not all zeros.
    /// - Throws: `CutisError` or `TensorError` where the bag does not fit.
    func callAsFunction(bag: Tensor, mask: Tensor?) throws -> MILOutput
}

/// A head made of `GatedAttentionMIL`: one probability per label.
final class GatedAttentionHead: MILHead {
    private let model: GatedAttentionMIL

    init(_ model: GatedAttentionMIL) { self.model = model }

    var inputWidth: Int { model.config.inputWidth }
    var maximumInstances: Int? { nil }
    var outputCount: Int { model.config.classCount }
    var hasAttention: Bool { true }

    func callAsFunction(bag: Tensor, mask: Tensor?) throws -> MILOutput {
        guard bag.rank == 3, bag.shape[2] == inputWidth else {
            throw CutisError(
                .computeFailed,
                "The head takes embeddings of \(inputWidth) numbers and got a bag of shape \(bag.shape).",
                remedy: "Use the encoder that the head was trained on.")
        }
        let present = try mask ?? bag.abs().max([2]).gt(0)
        let (logits, attention) = try model(bag: bag, mask: present)
        return MILOutput(
            probabilities: try MILOutputMeaning.logits.probabilities(logits), logits: logits, attention: attention)
    }
}

/// A head made of a Keras graph.
final class KerasHead: MILHead {
    private let graph: KerasGraph
    private let meaning: MILOutputMeaning

    init(_ graph: KerasGraph, meaning: MILOutputMeaning) {
        self.graph = graph
        self.meaning = meaning
    }

    var inputWidth: Int { graph.inputWidth }
    var maximumInstances: Int? { graph.maximumInstances }
    var outputCount: Int { graph.classCount }
    var hasAttention: Bool { graph.hasAttention }

    func callAsFunction(bag: Tensor, mask: Tensor?) throws -> MILOutput {
        let (output, attention) = try graph(bag: bag, mask: mask)
        return MILOutput(
            probabilities: try meaning.probabilities(output), logits: meaning.isProbability ? nil : output,
            attention: attention)
    }
}
