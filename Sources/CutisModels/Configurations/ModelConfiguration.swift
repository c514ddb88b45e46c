public import CutisCore

/// An image network and all its numbers: what a bundle stores under `architecture`.
public enum ModelConfiguration: Sendable, Hashable {
    /// A vision transformer.
    case visionTransformer(ViTConfig)
    /// A residual network.
    case resNet(ResNetConfig)

    /// Classes of the head, or nil where the network gives an embedding.
    public var classCount: Int? {
        switch self {
        case .visionTransformer(let config): config.classCount
        case .resNet(let config): config.classCount
        }
    }

    /// Channels of the images that the network takes.
    public var channels: Int {
        switch self {
        case .visionTransformer(let config): config.channels
        case .resNet(let config): config.channels
        }
    }

    /// Numbers per image before the head (after the projection, where there is one).
    public var featureWidth: Int {
        switch self {
        case .visionTransformer(let config): config.projectionWidth ?? config.width
        case .resNet(let config): config.featureWidth
        }
    }

    /// Checks that every number is within its limits and fits the others.
    ///
    /// - Throws: `.configInvalid` that names the key.
    public func validate() throws(CutisError) {
        switch self {
        case .visionTransformer(let config): try config.validate()
        case .resNet(let config): try config.validate()
        }
    }
}

extension ModelConfiguration: Codable {
    private enum Family: String, Codable {
        case visionTransformer = "vit"
        case resNet = "resnet"
    }

    private enum CodingKeys: String, CodingKey {
        case family, config
    }

    /// Reads `{"family": "vit" | "resnet", "config": {…}}`.
    public init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: CodingKeys.self)
        switch try container.decode(Family.self, forKey: .family) {
        case .visionTransformer: self = .visionTransformer(try container.decode(ViTConfig.self, forKey: .config))
        case .resNet: self = .resNet(try container.decode(ResNetConfig.self, forKey: .config))
        }
    }

    /// Writes the same form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .visionTransformer(let config):
            try container.encode(Family.visionTransformer, forKey: .family)
            try container.encode(config, forKey: .config)
        case .resNet(let config):
            try container.encode(Family.resNet, forKey: .family)
            try container.encode(config, forKey: .config)
        }
    }
}
