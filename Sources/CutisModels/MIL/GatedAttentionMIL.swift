public import CutisTensor

/// Multiple-instance head with gated attention: the embeddings of a case's images → logits and attention.
///
/// a_k = softmax_k(wᵀ(tanh(V h_k) ⊙ σ(U h_k))), z = Σ a_k h_k, after Ilse, Tomczak and Welling, "Attention-based Deep
/// Multiple Instance Learning" (2018), with the layers and names of the public PyTorch heads for SCIN.
public final class GatedAttentionMIL {
    /// The sizes.
    public let config: GatedAttentionMILConfig

    private let instance: [Stage]
    private let tanhGate: Linear
    private let sigmoidGate: Linear
    private let score: Linear
    private let shared: [Stage]
    private let classifier: Linear
    private let dropout: Dropout

    /// Takes the weights from the reader: `instance.{n}.*`, `attention_tanh.*`, `attention_sigmoid.*`,
    /// `attention_score.*`, `classifier.{n}.*`. Do not use the head before the reader's `finish` has returned.
    ///
    /// - Throws: `.configInvalid`; what the reader throws.
    public init(_ config: GatedAttentionMILConfig, _ reader: WeightReader) throws {
        try config.validate()
        self.config = config
        let hidden = config.hiddenWidth
        instance = try (0..<config.instanceLayers).map { index in
            try Stage(
                index == 0 ? config.inputWidth : hidden, hidden, rank: index == 0 ? config.projectionRank : nil,
                epsilon: config.normEpsilon, reader / "instance", at: 4 * index)
        }
        tanhGate = try Linear(hidden, config.attentionWidth, reader / "attention_tanh")
        sigmoidGate = try Linear(hidden, config.attentionWidth, reader / "attention_sigmoid")
        score = try Linear(config.attentionWidth, 1, reader / "attention_score")
        shared = try (0..<config.sharedLayers).map { index in
            try Stage(
                index == 0 ? hidden : config.sharedWidth, config.sharedWidth, rank: nil, epsilon: config.normEpsilon,
                reader / "classifier", at: 4 * index)
        }
        classifier = try Linear(
            config.sharedLayers == 0 ? hidden : config.sharedWidth, config.classCount,
            reader / "classifier" / (4 * config.sharedLayers))
        dropout = Dropout(config.dropout)
    }

    /// The logits and the attention of a batch of cases.
    ///
    /// - Parameters:
    ///   - bag: [cases, images, input width]; rows of missing images are zeros (their values do not matter).
    ///   - mask: [cases, images], true (or not 0) for an image that is there.
    ///   - training: applies dropout.
    ///   - generator: the dropout's source of randomness; nil takes the device's own.
    /// - Returns: logits [cases, classes] for one sigmoid per class, and attention [cases, images].
    public func callAsFunction(
        bag: Tensor, mask: Tensor, training: Bool = false, generator: Generator? = nil
    ) throws(TensorError) -> (logits: Tensor, attention: Tensor) {
        func dropped(_ x: Tensor) throws(TensorError) -> Tensor {
            try dropout(x, training: training, generator: generator)
        }
        var h = bag
        for stage in instance { h = try dropped(stage(h)) }
        let gate = try dropped(tanhGate(h).tanh() * sigmoidGate(h).sigmoid())
        let scores = try score(gate).squeeze(-1)
        let attention = try MaskedAttention.weights(scores, mask: mask.to(.bool))
        var pooled = try (attention.unsqueeze(-1) * h).sum([1])
        for stage in shared { pooled = try dropped(stage(pooled)) }
        return (try classifier(pooled), attention)
    }

    /// A linear (or low-rank) layer, a norm, GELU.
    private struct Stage {
        private enum First {
            case linear(Linear)
            case lowRank(LowRankProjection)
        }

        private let first: First
        private let norm: LayerNorm

        init(_ inputs: Int, _ outputs: Int, rank: Int?, epsilon: Double, _ reader: WeightReader, at index: Int) throws {
            if let rank {
                first = .lowRank(try LowRankProjection(inputs, outputs, rank: rank, reader / index))
            } else {
                first = .linear(try Linear(inputs, outputs, reader / index))
            }
            norm = try LayerNorm(outputs, epsilon: epsilon, reader / (index + 1))
        }

        func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
            switch first {
            case .linear(let layer): try norm(layer(x)).gelu(approximate: false)
            case .lowRank(let layer): try norm(layer(x)).gelu(approximate: false)
            }
        }
    }
}

/// A fixed random projection with a trained low-rank residual: x · anchor + up(gelu(down(x))).
///
/// The public heads call it a manifold residual; the anchor is drawn once and stored as a buffer.
struct LowRankProjection {
    private let anchor: Tensor
    private let down: Linear
    private let up: Linear

    /// Takes `anchor` [inputs, outputs], `down.weight` and `up.weight`.
    init(_ inputs: Int, _ outputs: Int, rank: Int, _ reader: WeightReader) throws {
        let bound = (6 / Double(inputs)).squareRoot()
        anchor = try reader.buffer("anchor", shape: [inputs, outputs], initialiser: .uniform(bound: bound))
        down = try Linear(inputs, rank, reader / "down", bias: false)
        up = try Linear(rank, outputs, reader / "up", bias: false, weightInitialiser: .zeros)
    }

    func callAsFunction(_ x: Tensor) throws(TensorError) -> Tensor {
        try x.matmul(anchor) + up(down(x).gelu(approximate: false))
    }
}
