public import CutisCore

/// A head and all its numbers: what a screening bundle stores under `head`.
public enum MILHeadConfiguration: Sendable, Hashable {
    /// The PyTorch form; its weights are stored under canonical names.
    case gatedAttention(GatedAttentionMILConfig)
    /// A Keras graph; `config.json` is stored beside the weights, whose names are HDF5 paths.
    case keras(KerasHeadConfig)

    /// The width of one image's embedding.
    public var inputWidth: Int {
        switch self {
        case .gatedAttention(let config): config.inputWidth
        case .keras(let config): config.inputWidth
        }
    }

    /// How many classes the head answers.
    public var outputCount: Int {
        switch self {
        case .gatedAttention(let config): config.classCount
        case .keras(let config): config.classCount
        }
    }

    /// What the head's last numbers are.
    public var meaning: MILOutputMeaning {
        switch self {
        case .gatedAttention: .logits
        case .keras(let config): config.meaning
        }
    }

    /// Whether a graph is stored beside the weights.
    public var hasGraph: Bool {
        if case .keras = self { return true }
        return false
    }

    /// Checks that every number is within its limits.
    ///
    /// - Throws: `.configInvalid` that names the field.
    public func validate() throws(CutisError) {
        if case .gatedAttention(let config) = self { try config.validate() }
    }
}

/// What a bundle says about a Keras head beside its graph.
public struct KerasHeadConfig: Codable, Sendable, Hashable {
    /// The width of one image's embedding.
    public var inputWidth: Int
    /// How many images a bag has; nil where any number will do.
    public var maximumInstances: Int?
    /// How many classes the graph answers.
    public var classCount: Int
    /// What the graph's last numbers are.
    public var meaning: MILOutputMeaning
    /// What custom layer classes compute.
    public var mappings: [KerasCustomLayerMapping]

    /// Joins the parts.
    public init(
        inputWidth: Int, maximumInstances: Int?, classCount: Int, meaning: MILOutputMeaning,
        mappings: [KerasCustomLayerMapping] = []
    ) {
        self.inputWidth = inputWidth
        self.maximumInstances = maximumInstances
        self.classCount = classCount
        self.meaning = meaning
        self.mappings = mappings
    }

    enum CodingKeys: String, CodingKey {
        case meaning, mappings
        case inputWidth = "input_width"
        case maximumInstances = "maximum_instances"
        case classCount = "class_count"
    }
}

extension MILHeadConfiguration: Codable {
    private enum Family: String, Codable {
        case gatedAttention = "gated_attention_mil"
        case keras
    }

    private enum CodingKeys: String, CodingKey {
        case family, config
    }

    /// Reads `{"family": "gated_attention_mil" | "keras", "config": {…}}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Family.self, forKey: .family) {
        case .gatedAttention:
            self = .gatedAttention(try container.decode(GatedAttentionMILConfig.self, forKey: .config))
        case .keras: self = .keras(try container.decode(KerasHeadConfig.self, forKey: .config))
        }
    }

    /// Writes the same form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .gatedAttention(let config):
            try container.encode(Family.gatedAttention, forKey: .family)
            try container.encode(config, forKey: .config)
        case .keras(let config):
            try container.encode(Family.keras, forKey: .family)
            try container.encode(config, forKey: .config)
        }
    }
}
