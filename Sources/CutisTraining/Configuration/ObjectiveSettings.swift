import CutisCore

/// What is minimised: the section `loss`.
public struct LossSettings: ConfigurationSection {
    /// The weights of the classes in the cross-entropy.
    public enum ClassWeighting: Sendable, Hashable {
        /// 1 for each.
        case none
        /// (N / (K·N_i))^p; p = 1 balances fully (`balanced` in a file).
        case power(Double)
        /// One for each class, in the order of the labels.
        case list([Double])
    }

    /// One class against the rest: the section `loss.focal`.
    public struct Focal: ConfigurationSection {
        /// The class.
        public var label = "mel"
        /// λ, the term's share of the loss.
        public var weight = 0.3
        /// γ.
        public var gamma = 2.0

        /// The defaults.
        public init() {}

        mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
            try coder.text("class", &label)
            try coder.number("weight", &weight, in: 0...1000)
            try coder.number("gamma", &gamma, in: 0...20)
        }
    }

    /// The weights of the classes.
    public var classWeights = ClassWeighting.none
    /// ε of label smoothing.
    public var labelSmoothing = 0.0
    /// The focal term; nil for none.
    public var focal: Focal?

    /// The defaults.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.field(
            "class_weights", &classWeights,
            decode: { value, path throws(CutisError) in try Self.weighting(value, path) },
            encode: { value throws(CutisError) in
                switch value {
                case .none: .text("none")
                case .power(1): .text("balanced")
                case .power(let power): .section([.init(key: "power", value: .number(power))])
                case .list(let weights): .list(weights.map { .number($0) })
                }
            })
        try coder.number("label_smoothing", &labelSmoothing, in: 0...0.95)
        try coder.section("focal", &focal)
    }

    private struct PowerSection: ConfigurationSection {
        var power = 1.0

        mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
            try coder.number("power", &power, in: 0...4)
        }
    }

    private static func weighting(_ value: ConfigurationValue, _ path: String) throws(CutisError) -> ClassWeighting {
        switch value {
        case .text("none"), .null: return .none
        case .text("balanced"): return .power(1)
        case .section: return .power(try ConfigurationCoder.read(PowerSection.self, value, path: path).power)
        case .list:
            let weights = try ConfigurationCoder.list(value, path) { member, path throws(CutisError) in
                try ConfigurationCoder.number(member, path, 0...1e6)
            }
            guard weights.count >= 2, weights.contains(where: { $0 > 0 }) else {
                throw ConfigurationCoder.invalid(path, "needs one weight for each class, not all of them 0")
            }
            return .list(weights)
        default:
            throw ConfigurationCoder.mismatch(
                path, expected: "none, balanced, {power: p} or a list of numbers", found: value)
        }
    }
}

/// How the weights follow their gradients: the section `optimizer`.
public struct OptimiserConfiguration: ConfigurationSection {
    /// The rules.
    public enum Kind: String, Sendable, Hashable, CaseIterable {
        /// Adam with decoupled decay (Loshchilov and Hutter 2019).
        case adamW = "adamw"
        /// Gradient descent with momentum.
        case sgd
    }

    /// The rule.
    public var kind = Kind.adamW
    /// Decoupled decay (AdamW), or the L2 penalty (SGD).
    public var weightDecay = 0.01
    /// Leaves norms, biases, the class token and positions without decay.
    public var skipsNorms = true
    /// Decay of AdamW's mean of gradients.
    public var beta1 = 0.9
    /// Decay of AdamW's mean of squared gradients.
    public var beta2 = 0.999
    /// Added to AdamW's root.
    public var epsilon = 1e-8
    /// SGD's momentum.
    public var momentum = 0.9
    /// Whether SGD looks ahead (Nesterov).
    public var nesterov = false

    /// The defaults.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.choice("kind", &kind)
        try coder.number("weight_decay", &weightDecay, in: 0...10)
        try coder.flag("no_decay_on_norms", &skipsNorms)
        if coder.isReading || kind == .adamW {
            try coder.number("beta1", &beta1, in: 0...0.999_999)
            try coder.number("beta2", &beta2, in: 0...0.999_999)
            try coder.number("epsilon", &epsilon, in: 0...1, positive: true)
        }
        if coder.isReading || kind == .sgd {
            try coder.number("momentum", &momentum, in: 0...0.999_999)
            try coder.flag("nesterov", &nesterov)
        }
        guard coder.isReading else { return }
        for key in ["beta1", "beta2", "epsilon"] where kind == .sgd && coder.has(key) {
            throw ConfigurationCoder.invalid(coder.place(key), "belongs to adamw, and the kind is sgd")
        }
        for key in ["momentum", "nesterov"] where kind == .adamW && coder.has(key) {
            throw ConfigurationCoder.invalid(coder.place(key), "belongs to sgd, and the kind is adamw")
        }
        guard !nesterov || momentum > 0 else {
            throw ConfigurationCoder.invalid(coder.place("nesterov"), "needs a momentum above 0")
        }
    }
}
