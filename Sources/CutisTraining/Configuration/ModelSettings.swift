import CutisCore

/// The network and what of it is trained: the section `model`.
public struct ModelSettings: ConfigurationSection {
    /// The network.
    public var architecture = TrainableArchitecture.resNet50
    /// The side of the images in pixels, where no stage of the schedule says otherwise.
    public var imageSize = 224
    /// Channels of a residual network's first convolution; nil takes the published 64.
    public var stemWidth: Int?
    /// A checkpoint or bundle that the weights are taken from; nil starts from nothing.
    public var from: String?
    /// Attention heads of the checkpoint, where none of its files says how many and its width does not tell.
    public var heads: Int?
    /// Share of zeros before the head in training.
    public var dropout = 0.0
    /// What keeps its weights.
    public var freeze = FreezeRule()
    /// Each layer's rate is this share of the one above it; nil trains all at the same rate.
    public var layerDecay: Double?
    /// Computes activations again in the backward pass instead of keeping them.
    public var checkpointing = false

    /// The defaults.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.choice("architecture", &architecture)
        try coder.integer("image_size", &imageSize, in: 32...1024)
        try coder.integer("stem_width", &stemWidth, in: 1...1024)
        try coder.text("from", &from)
        try coder.integer("heads", &heads, in: 1...256)
        try coder.number("dropout", &dropout, in: 0...0.95)
        try coder.section("freeze", &freeze)
        try coder.number("layer_decay", &layerDecay, in: 0...1, positive: true)
        try coder.flag("checkpointing", &checkpointing)
        guard coder.isReading else { return }
        if let patch = architecture.patchSize {
            guard imageSize % patch == 0 else {
                throw ConfigurationCoder.invalid(
                    coder.place("image_size"), "is \(imageSize); \(architecture.rawValue) needs a multiple of \(patch)")
            }
            guard stemWidth == nil else {
                throw ConfigurationCoder.invalid(
                    coder.place("stem_width"), "is a residual network's; \(architecture.rawValue) has none")
            }
        }
    }
}

/// What is not trained: the section `model.freeze`. Both rules together freeze what either names.
public struct FreezeRule: ConfigurationSection {
    /// So many layers from the input. A transformer's patch embedding, class token and positions are frozen with its
    /// first block, a residual network's stem with its first stage; 0 freezes nothing.
    public var layers = 0
    /// Freezes the patch embedding (or stem) alone even where `layers` is 0.
    public var embedding = false
    /// Names of weights with `*` for any run of characters, such as `blocks.0.*`.
    public var names: [String] = []

    /// Nothing.
    public init() {}

    /// Joins the rules.
    public init(layers: Int = 0, embedding: Bool = false, names: [String] = []) {
        self.layers = layers
        self.embedding = embedding
        self.names = names
    }

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.integer("layers", &layers, in: 0...128)
        try coder.flag("embedding", &embedding)
        try coder.texts("names", &names)
    }
}
