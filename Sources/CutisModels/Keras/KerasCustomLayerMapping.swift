/// Says what a custom layer class of a Keras head computes, because its file does not.
///
/// Written as JSON:
/// ```json
/// [{"class_name": "MyPooling", "kind": "gated_attention",
///   "tanh": ["alpha/vars/0", "alpha/vars/1"], "sigmoid": ["beta/vars/0", "beta/vars/1"],
///   "score": ["omega/vars/0", "omega/vars/1"], "mask": "applied", "outputs": ["pooled"]}]
/// ```
/// The paths are those of the weights file, relative to the layer's group: first the kernel, then the bias if there is
/// one. What is left out is found by the rules of `KerasGatedAttention`.
public struct KerasCustomLayerMapping: Codable, Sendable, Hashable {
    /// What the layer computes.
    public enum Kind: String, Codable, Sendable {
        /// Attention pooling over axis 1, gated where there are sigmoid weights (Ilse et al. 2018).
        case gatedAttention = "gated_attention"
        /// Nothing at inference, such as a noise layer.
        case identity
    }

    /// One output of an attention layer.
    public enum Output: String, Codable, Sendable {
        /// Σ aₖ hₖ, [batch, width].
        case pooled
        /// aₖ, [batch, images, 1] (or [batch, images] where the file says so).
        case attention
        /// aₖ hₖ, [batch, images, width].
        case weighted
    }

    /// What the layer does with a Keras mask.
    public enum Mask: String, Codable, Sendable {
        /// Scores of steps that the mask leaves out become −10⁹ before the soft-max.
        case applied
        /// The mask has no effect.
        case ignored
    }

    /// The class, or its registered name such as `mil>GatedAttention`.
    public var className: String
    /// What it computes.
    public var kind: Kind
    /// Kernel and bias of the tanh branch (V).
    public var tanh: [String]?
    /// Kernel and bias of the sigmoid branch (U); empty means that the attention is not gated.
    public var sigmoid: [String]?
    /// Kernel and bias of the score (w).
    public var score: [String]?
    /// What the layer does with a mask; nil: applied where the class's `call` takes one.
    public var mask: Mask?
    /// The outputs in order; nil: as the shapes in the file tell.
    public var outputs: [Output]?

    /// Describes a class.
    public init(
        className: String, kind: Kind = .gatedAttention, tanh: [String]? = nil, sigmoid: [String]? = nil,
        score: [String]? = nil, mask: Mask? = nil, outputs: [Output]? = nil
    ) {
        self.className = className
        self.kind = kind
        self.tanh = tanh
        self.sigmoid = sigmoid
        self.score = score
        self.mask = mask
        self.outputs = outputs
    }

    enum CodingKeys: String, CodingKey {
        case kind, tanh, sigmoid, score, mask, outputs
        case className = "class_name"
    }
}

extension KerasLayerDefinition {
    /// Whether a mapping speaks of this layer's class.
    func isDescribed(by mapping: KerasCustomLayerMapping) -> Bool {
        mapping.className == className || mapping.className == registeredName
    }

    /// Whether the class's name is one that attention pooling layers usually have.
    var looksLikeAttention: Bool {
        let letters = className.lowercased().filter(\.isLetter)
        return ["gatedatt", "attentionmil", "milattention", "attentionpool", "gatedmil", "gatedpool", "abmil"]
            .contains { letters.contains($0) }
    }
}
