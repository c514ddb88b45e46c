import CutisCore

/// How long is trained and at which learning rates: the section `schedule`.
///
/// A schedule has one or more stages. The rate rises in `warmUpEpochs` to `peakRate` and falls by `decay` over all
/// stages up to the first with a `restartRate`, which begins anew from that rate.
public struct ScheduleConfiguration: ConfigurationSection {
    /// How the rate falls.
    public enum Decay: String, Sendable, Hashable, CaseIterable {
        /// Half a cosine down to `finalShare` of the peak.
        case cosine
        /// Times `stepFactor` after every `stepEpochs`.
        case step
        /// Not at all.
        case constant
    }

    /// A part of the training with one image size and one way of mixing.
    public struct Stage: ConfigurationSection {
        /// How many passes over the training images.
        public var epochs = 1
        /// The side of the images in pixels; nil takes the model's.
        public var imageSize: Int?
        /// Begins the decay anew with this peak, over this stage and those after it that have none.
        public var restartRate: Double?
        /// How images are mixed from this stage on; nil goes on as before.
        public var mixing: BatchMixing?
        /// ε of label smoothing from this stage on; nil goes on as before.
        public var labelSmoothing: Double?
        /// The power of the class weights from this stage on; nil goes on as before.
        public var classWeightPower: Double?

        /// One epoch that changes nothing.
        public init() {}

        /// So many epochs; what is left out goes on as before.
        public init(
            epochs: Int, imageSize: Int? = nil, restartRate: Double? = nil, mixing: BatchMixing? = nil,
            labelSmoothing: Double? = nil, classWeightPower: Double? = nil
        ) {
            self.epochs = epochs
            self.imageSize = imageSize
            self.restartRate = restartRate
            self.mixing = mixing
            self.labelSmoothing = labelSmoothing
            self.classWeightPower = classWeightPower
        }

        mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
            try coder.integer("epochs", &epochs, in: 1...100_000)
            try coder.integer("image_size", &imageSize, in: 32...1024)
            try coder.number("restart_rate", &restartRate, in: 0...1000, positive: true)
            try coder.bridged("mixing", &mixing, defaults: BatchMixing())
            try coder.number("label_smoothing", &labelSmoothing, in: 0...0.95)
            try coder.number("class_weight_power", &classWeightPower, in: 0...4)
        }
    }

    /// The stages in their order; `epochs: n` in a file is one stage of so many.
    public var stages: [Stage] = [Stage(epochs: 30)]
    /// The highest learning rate.
    public var peakRate = 1e-3
    /// Epochs of linear warm-up.
    public var warmUpEpochs = 0.0
    /// How the rate falls after that.
    public var decay = Decay.cosine
    /// The cosine's end, as a share of the peak.
    public var finalShare = 0.0
    /// Epochs between two steps.
    public var stepEpochs = 10
    /// What a step multiplies the rate by.
    public var stepFactor = 0.1

    /// The defaults.
    public init() {}

    /// All epochs.
    public var epochs: Int { stages.reduce(0) { $0 + $1.epochs } }

    /// The stage of an epoch counted from 0; the last one for epochs after the end.
    public func stage(ofEpoch epoch: Int) -> Int {
        var end = 0
        for (index, stage) in stages.enumerated() {
            end += stage.epochs
            if epoch < end { return index }
        }
        return max(0, stages.count - 1)
    }

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        guard !coder.has("epochs") || !coder.has("stages") else {
            throw ConfigurationCoder.invalid(coder.place("epochs"), "and stages exclude each other")
        }
        let isPlain = stages.count == 1 && stages[0] == Stage(epochs: epochs)
        if coder.isReading || isPlain {
            var all = epochs
            try coder.integer("epochs", &all, in: 1...100_000)
            if coder.has("epochs") { stages = [Stage(epochs: all)] }
        }
        if coder.isReading || !isPlain {
            try coder.field(
                "stages", &stages,
                decode: { value, path throws(CutisError) in
                    let stages = try ConfigurationCoder.list(value, path) { member, path throws(CutisError) in
                        try ConfigurationCoder.read(Stage.self, member, path: path)
                    }
                    guard (1...100).contains(stages.count) else {
                        throw ConfigurationCoder.invalid(path, "needs 1 to 100 stages")
                    }
                    return stages
                },
                encode: { stages throws(CutisError) in
                    var values: [ConfigurationValue] = []
                    for stage in stages { values.append(try ConfigurationCoder.write(stage, path: "stages")) }
                    return .list(values)
                })
        }
        try coder.number("peak_rate", &peakRate, in: 0...1000, positive: true)
        try coder.number("warm_up_epochs", &warmUpEpochs, in: 0...100_000)
        try coder.choice("decay", &decay)
        if coder.isReading || decay == .cosine { try coder.number("final_share", &finalShare, in: 0...1) }
        if coder.isReading || decay == .step {
            try coder.integer("step_epochs", &stepEpochs, in: 1...100_000)
            try coder.number("step_factor", &stepFactor, in: 0...1, positive: true)
        }
        guard coder.isReading else { return }
        for (key, owner) in [("final_share", Decay.cosine), ("step_epochs", .step), ("step_factor", .step)]
        where coder.has(key) && decay != owner {
            throw ConfigurationCoder.invalid(
                coder.place(key), "belongs to \(owner.rawValue), and the decay is \(decay.rawValue)")
        }
        guard warmUpEpochs < Double(epochs) else {
            throw ConfigurationCoder.invalid(
                coder.place("warm_up_epochs"), "is \(warmUpEpochs); it must be below the \(epochs) epochs")
        }
    }
}
