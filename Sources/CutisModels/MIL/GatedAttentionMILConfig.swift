public import CutisCore

/// The sizes of a gated-attention head over the embeddings of a case (Ilse, Tomczak and Welling 2018).
///
/// The defaults are those of the public PyTorch heads for SCIN.
public struct GatedAttentionMILConfig: Codable, Sendable, Hashable {
    /// The width of one image's embedding.
    public var inputWidth: Int
    /// How many labels the head answers.
    public var classCount: Int
    /// The width of an image's features inside the head.
    public var hiddenWidth: Int
    /// The width of the two gate layers.
    public var attentionWidth: Int
    /// How many hidden layers every image passes before the attention, at least 1.
    public var instanceLayers: Int
    /// The width of the hidden layers after the pooling.
    public var sharedWidth: Int
    /// How many hidden layers come after the pooling; 0 classifies the pooled features at once.
    public var sharedLayers: Int
    /// The rank of the trained part of the first layer, where that layer is a fixed random projection with a low-rank
    /// residual; nil where it is an ordinary linear layer.
    public var projectionRank: Int?
    /// Added to the variance in the layer normalisations.
    public var normEpsilon: Double
    /// The dropout of training; inference has none.
    public var dropout: Double

    /// Joins the sizes.
    public init(
        inputWidth: Int, classCount: Int, hiddenWidth: Int = 768, attentionWidth: Int = 256, instanceLayers: Int = 1,
        sharedWidth: Int = 384, sharedLayers: Int = 1, projectionRank: Int? = nil, normEpsilon: Double = 1e-5,
        dropout: Double = 0.25
    ) {
        self.inputWidth = inputWidth
        self.classCount = classCount
        self.hiddenWidth = hiddenWidth
        self.attentionWidth = attentionWidth
        self.instanceLayers = instanceLayers
        self.sharedWidth = sharedWidth
        self.sharedLayers = sharedLayers
        self.projectionRank = projectionRank
        self.normEpsilon = normEpsilon
        self.dropout = dropout
    }

    enum CodingKeys: String, CodingKey {
        case dropout
        case inputWidth = "input_width"
        case classCount = "class_count"
        case hiddenWidth = "hidden_width"
        case attentionWidth = "attention_width"
        case instanceLayers = "instance_layers"
        case sharedWidth = "shared_width"
        case sharedLayers = "shared_layers"
        case projectionRank = "projection_rank"
        case normEpsilon = "norm_epsilon"
    }

    /// Refuses sizes that no head has, before anything is allocated by them.
    ///
    /// - Throws: `.configInvalid` that names the field.
    public func validate() throws(CutisError) {
        let sizes: [(String, Int, ClosedRange<Int>)] = [
            ("input_width", inputWidth, 1...65_536), ("class_count", classCount, 1...10_000),
            ("hidden_width", hiddenWidth, 1...16_384), ("attention_width", attentionWidth, 1...16_384),
            ("instance_layers", instanceLayers, 1...16), ("shared_width", sharedWidth, 1...16_384),
            ("shared_layers", sharedLayers, 0...16), ("projection_rank", projectionRank ?? 1, 1...16_384),
        ]
        if let (name, value, range) = sizes.first(where: { !$0.2.contains($0.1) }) {
            throw Self.invalid("\(name) is \(value), outside \(range.lowerBound)…\(range.upperBound)")
        }
        guard normEpsilon > 0, normEpsilon < 1 else { throw Self.invalid("norm_epsilon is \(normEpsilon)") }
        guard dropout >= 0, dropout < 1 else { throw Self.invalid("dropout is \(dropout)") }
    }

    private static func invalid(_ reason: String) -> CutisError {
        CutisError(
            .configInvalid, "The configuration of the gated-attention head is not usable: \(reason).",
            remedy: "Correct the bundle's head configuration or import the head again.")
    }
}
