public import CutisCore
public import CutisImaging
public import Foundation

/// Everything that decides a training: what `cutis train CONFIG.yaml` reads.
public struct TrainingConfiguration: ConfigurationSection {
    /// The order in which images are drawn.
    public enum Sampler: String, Sendable, Hashable, CaseIterable {
        /// Every image once an epoch, in a random order.
        case shuffle
        /// With replacement, an image of class i with the weight N / (K·N_i).
        case weighted
    }

    /// The numbers that activations are computed in; weights, norms, loss and optimiser stay in fp32.
    public enum Precision: String, Sendable, Hashable, CaseIterable {
        case fp32
        case bf16
        /// With loss scaling; for GPUs.
        case fp16
    }

    /// Names the folder of the run.
    public var name = "run"
    /// Decides the split, the initial weights, the order of the images and their augmentation.
    public var seed = 20
    /// The images.
    public var data = DataConfiguration()
    /// The network.
    public var model = ModelSettings()
    /// How whole images become the model's input; nil resizes the shortest side to the model's size, crops the centre
    /// and normalises as the checkpoint or ImageNet has it.
    public var recipe: PreprocessingRecipe?
    /// The random changes of training images.
    public var augmentation = AugmentationConfiguration()
    /// How images are mixed, where no stage says otherwise.
    public var mixing = BatchMixing(probability: 0)
    /// The order of the images.
    public var sampler = Sampler.shuffle
    /// Images per optimiser step on one machine and one accumulation.
    public var batchSize = 32
    /// Batches whose gradients are added up before a step.
    public var accumulate = 1
    /// The numbers of activations; bfloat16 keeps float32's range and halves the memory traffic.
    public var precision = Precision.bf16
    /// What is minimised.
    public var loss = LossSettings()
    /// How weights follow their gradients.
    public var optimizer = OptimiserConfiguration()
    /// How long, and at which rates.
    public var schedule = ScheduleConfiguration()
    /// The largest norm of all gradients together; nil does not clip.
    public var gradientClip: Double?
    /// Decay per step of a moving average of the weights, whose values are what is kept; nil keeps the weights.
    public var ema: Double?
    /// How the best epoch is found.
    public var validation = ValidationConfiguration()
    /// How images reach the step.
    public var loader = LoaderConfiguration()
    /// Copies of the model that share a batch, each on one thread.
    public var replicas = 1
    /// What people are told about the model.
    public var card = CardConfiguration()
    /// The folder of all runs; the run's own folder in it has its name.
    public var output = "runs"

    /// The defaults; `data.path` has none.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.text("name", &name)
        guard name.wholeMatch(of: /[A-Za-z0-9_][A-Za-z0-9._-]{0,99}/) != nil else {
            throw ConfigurationCoder.invalid("name", "must be 1 to 100 letters, digits, dots, dashes or underlines")
        }
        try coder.integer("seed", &seed, in: 0...Int.max)
        try coder.section("data", &data)
        try coder.section("model", &model)
        let side = model.imageSize
        try coder.bridged(
            "recipe", &recipe,
            defaults: PreprocessingRecipe(
                exifOrientation: true, resize: .shortestSide(side), centerCrop: CropSize(width: side, height: side),
                mean: Self.imageNetMean, std: Self.imageNetDeviation))
        try coder.bridged("augmentation", &augmentation)
        try coder.bridged("mixing", &mixing)
        try coder.choice("sampler", &sampler)
        try coder.integer("batch_size", &batchSize, in: 1...65_536)
        try coder.integer("accumulate", &accumulate, in: 1...65_536)
        try coder.choice("precision", &precision)
        try coder.section("loss", &loss)
        try coder.section("optimizer", &optimizer)
        try coder.section("schedule", &schedule)
        try coder.number("gradient_clip", &gradientClip, in: 0...1e6, positive: true)
        try coder.number("ema", &ema, in: 0...0.999_999_9, positive: true)
        try coder.section("validation", &validation)
        try coder.section("loader", &loader)
        try coder.integer("replicas", &replicas, in: 1...64)
        try coder.section("card", &card)
        try coder.text("output", &output)
        if coder.isReading { try checkTogether() }
    }

    /// Checks what the fields do not say one by one.
    private func checkTogether() throws(CutisError) {
        guard !data.path.isEmpty else {
            throw CutisError(
                .configInvalid, "The configuration is wrong: data.path is missing.",
                remedy: "Name the folder, table or archive with the images.")
        }
        guard batchSize % replicas == 0 else {
            throw ConfigurationCoder.invalid(
                "batch_size", "is \(batchSize), not a multiple of the \(replicas) replicas")
        }
        for (index, stage) in schedule.stages.enumerated() {
            if let side = stage.imageSize, let patch = model.architecture.patchSize, side % patch != 0 {
                throw ConfigurationCoder.invalid(
                    "schedule.stages[\(index)].image_size", "is \(side); the model needs a multiple of \(patch)")
            }
            if stage.classWeightPower != nil, case .list = loss.classWeights {
                throw ConfigurationCoder.invalid(
                    "schedule.stages[\(index)].class_weight_power", "needs loss.class_weights that are not a list")
            }
        }
        do {
            try recipe?.validate()
        } catch {
            throw ConfigurationCoder.invalid("recipe", "is not valid: \(error.message)")
        }
    }

    static let imageNetMean: [Float] = [0.485, 0.456, 0.406]
    static let imageNetDeviation: [Float] = [0.229, 0.224, 0.225]
}

extension TrainingConfiguration {
    /// Reads a file.
    ///
    /// - Parameters:
    ///   - file: YAML with the sections of this type; what it leaves out has its default, what is unknown is refused.
    ///   - overrides: `key=value` with dotted keys, such as `optimizer.weight_decay=0.05`; values are YAML.
    /// - Throws: `.fileNotFound`, `.fileUnreadable`; `.configInvalid` that names the path of the key and, for an unknown
    ///   one, the nearest known; `.invalidArguments` for an override that is not `key=value`.
    public init(file: URL, overrides: [String] = []) throws(CutisError) {
        try self.init(yaml: ConfigurationFile.text(of: file), overrides: overrides, source: file.path)
    }

    /// Reads a text; see `init(file:overrides:)`.
    ///
    /// - Parameter source: what the text is, for errors.
    public init(
        yaml: String, overrides: [String] = [], source: String = "The configuration"
    ) throws(CutisError) {
        var tree = try ConfigurationYAML.read(yaml, source: source)
        for override in overrides { tree = try ConfigurationOverride(override).applied(to: tree) }
        self = try ConfigurationCoder.read(Self.self, tree, path: "")
    }

    /// The whole configuration with every default, as YAML that reads back equal; equal configurations give equal
    /// texts.
    public var yaml: String {
        get throws(CutisError) { ConfigurationYAML.write(try ConfigurationCoder.write(self, path: "")) }
    }

    /// 16 hexadecimal digits (FNV-1a, 64 bits) of everything that decides the result: the configuration without name,
    /// output folder, card and the number of loader threads.
    public var fingerprint: String {
        get throws(CutisError) {
            var copy = self
            copy.name = Self().name
            copy.output = Self().output
            copy.loader.workers = Self().loader.workers
            // Without its keys, so that a new line in cards ends no run that is under way.
            guard case .section(let keys) = try ConfigurationCoder.write(copy, path: "") else { return "" }
            return Fingerprint.of(ConfigurationYAML.write(.section(keys.filter { $0.key != "card" })))
        }
    }

    /// The folder of the run.
    public var runFolder: URL { URL(fileURLWithPath: output).appendingPathComponent(name) }
}
