public import CutisCore
public import CutisImaging
public import CutisModels

/// Everything that decides how the default model is trained; the defaults are those of the shipped model.
public struct DefaultModelConfiguration: Codable, Sendable, Hashable {
    /// A part of the training with one image size and one way of mixing.
    public struct Stage: Codable, Sendable, Hashable {
        /// How many passes over the training images.
        public var epochs: Int
        /// The side of the training images in pixels.
        public var side: Int
        /// Begins a new cosine of the learning rate with this peak, over this stage and those after it that have none;
        /// nil goes on with the one before. The first stage's is `DefaultModelConfiguration.peakRate`.
        public var restartRate: Double?
        /// How images are mixed from this stage on; nil goes on as before.
        public var mixing: BatchMixing?
        /// ε of label smoothing from this stage on; nil goes on as before.
        public var labelSmoothing: Double?
        /// The power of the class weights from this stage on; nil goes on as before.
        public var classWeightPower: Double?

        /// Makes a stage.
        public init(
            epochs: Int, side: Int, restartRate: Double? = nil, mixing: BatchMixing? = nil,
            labelSmoothing: Double? = nil, classWeightPower: Double? = nil
        ) {
            self.epochs = epochs
            self.side = side
            self.restartRate = restartRate
            self.mixing = mixing
            self.labelSmoothing = labelSmoothing
            self.classWeightPower = classWeightPower
        }
    }

    /// Decides the split, the initial weights, the order of the images and their augmentation.
    public var seed: UInt64 = 20
    /// Share of each class's lesions that epochs, temperature and threshold are chosen on.
    public var validationShare = 0.15
    /// Share of each class's lesions that choose nothing within a run.
    public var testShare = 0.15
    /// The network.
    public var architecture = ResNetConfig.resNet18(stemWidth: 40, classCount: 7)
    /// The sides of the square that inference may see, in pixels; the best on validation is kept. Random resized crops
    /// make lesions look larger than they are in whole images, so a larger side than that of training can be better
    /// (Touvron et al. 2019).
    public var evaluationSides = [128, 144, 160]
    /// Mean of each channel, on the scale 0…1.
    public var mean: [Float] = [0.485, 0.456, 0.406]
    /// Standard deviation of each channel, on the scale 0…1.
    public var deviation: [Float] = [0.229, 0.224, 0.225]
    /// The stages of the training, small images first: early epochs need no detail.
    public var stages = [
        Stage(epochs: 30, side: 96), Stage(epochs: 28, side: 128),
        Stage(epochs: 14, side: 128, restartRate: 1e-3, mixing: BatchMixing(probability: 0)),
        Stage(epochs: 13, side: 128, restartRate: 1e-3, labelSmoothing: 0),
        Stage(epochs: 8, side: 128, restartRate: 6e-4, classWeightPower: 0.9),
    ]
    /// The random changes of training images. A lesion seen through a dermatoscope has no upright: all eight symmetries
    /// of the square are as likely.
    public var augmentation = AugmentationConfiguration(
        crop: RandomResizedCrop(minimumScale: 0.3), horizontalFlip: 0.5, quarterTurns: true,
        jitter: ColorJitter(brightness: 0.25, contrast: 0.25, saturation: 0.25))
    /// How images are mixed, where a stage does not say otherwise.
    public var mixing = BatchMixing(probability: 0.3)
    /// Images per optimiser step.
    public var batchSize = 64
    /// The highest learning rate.
    public var peakRate = 2e-3
    /// Epochs of linear warm-up.
    public var warmUpEpochs = 3
    /// Decoupled weight decay of AdamW; not applied to norms and biases.
    public var weightDecay = 0.05
    /// The largest norm of all gradients together.
    public var gradientNorm = 2.0
    /// ε of label smoothing, where a stage does not say otherwise. With class weights it also pulls every image towards
    /// the rare classes, whose share of the smoothed target is as large as their weights: useful early, harmful late.
    public var labelSmoothing = 0.05
    /// Class weights are (N / (K·N_i)) to this power, where a stage does not say otherwise.
    public var classWeightPower = 0.7
    /// λ of the focal term on melanoma.
    public var focalWeight = 0.3
    /// γ of the focal term.
    public var focalGamma = 2.0
    /// Decay per step of the moving average of the weights, whose values are what is kept.
    public var averageDecay = 0.998
    /// Computes convolutions in bfloat16; weights, norms, loss and optimiser stay in fp32.
    public var usesBFloat16 = true
    /// Copies of the model that share a batch, each on one thread.
    public var replicas = 2
    /// Threads that decode and augment.
    public var loaderWorkers = 1
    /// Epochs between two looks at the validation images.
    public var validationInterval = 3
    /// The threshold for melanoma has the best specificity with at least this sensitivity on validation.
    public var melanomaSensitivity = 0.8

    /// The configuration of the shipped model.
    public init() {}

    /// How many epochs there are.
    public var epochs: Int { stages.reduce(0) { $0 + $1.epochs } }

    /// The preprocessing of whole images for a square of this side: the shortest side is resized to it.
    public func recipe(side: Int) -> PreprocessingRecipe {
        PreprocessingRecipe(
            exifOrientation: true, alpha: .drop, resize: .shortestSide(side), filter: .bilinear,
            centerCrop: CropSize(side), mean: mean, std: deviation)
    }

    /// The side of the training images in an epoch counted from 0.
    func side(inEpoch epoch: Int) -> Int {
        stages[stage(ofEpoch: epoch)].side
    }

    /// How images are mixed in an epoch counted from 0.
    package func mixing(inEpoch epoch: Int) -> BatchMixing {
        stages[...stage(ofEpoch: epoch)].compactMap(\.mixing).last ?? mixing
    }

    /// ε of label smoothing in an epoch counted from 0.
    package func labelSmoothing(inEpoch epoch: Int) -> Double {
        stages[...stage(ofEpoch: epoch)].compactMap(\.labelSmoothing).last ?? labelSmoothing
    }

    /// The power of the class weights in an epoch counted from 0.
    package func classWeightPower(inEpoch epoch: Int) -> Double {
        stages[...stage(ofEpoch: epoch)].compactMap(\.classWeightPower).last ?? classWeightPower
    }

    /// The learning rate of a step of an epoch, both counted from 0.
    package func rate(epoch: Int, step: Int, stepsPerEpoch: Int) -> Double {
        let current = stage(ofEpoch: epoch)
        let first = (0...current).last { stages[$0].restartRate != nil } ?? 0
        let end = stages.indices.first { $0 > current && stages[$0].restartRate != nil } ?? stages.endIndex
        let begin = stages[..<first].reduce(0) { $0 + $1.epochs }
        let schedule = LearningRateSchedule(
            peak: stages[first].restartRate ?? peakRate,
            warmUp: first == 0 ? warmUpEpochs * stepsPerEpoch : 0,
            total: stages[first..<end].reduce(0) { $0 + $1.epochs } * stepsPerEpoch)
        return schedule.rate(at: (epoch - begin) * stepsPerEpoch + step)
    }

    /// The stage of an epoch counted from 0; the last one for epochs after the end.
    private func stage(ofEpoch epoch: Int) -> Int {
        var end = 0
        for (index, stage) in stages.enumerated() {
            end += stage.epochs
            if epoch < end { return index }
        }
        return max(0, stages.count - 1)
    }

    /// Checks what the types do not.
    ///
    /// - Throws: `.configInvalid` that names the value.
    public func validate() throws(CutisError) {
        func require(_ holds: Bool, _ what: String) throws(CutisError) {
            guard holds else {
                throw CutisError(
                    .configInvalid, "The training configuration is wrong: \(what).", remedy: "Correct that value.")
            }
        }
        try architecture.validate()
        try require(epochs > 0 && stages.allSatisfy { $0.epochs > 0 }, "every stage needs at least one epoch")
        try require(stages.allSatisfy { (32...1024).contains($0.side) }, "a stage's side must be 32 to 1024 pixels")
        try require((1...16).contains(replicas), "replicas must be 1 to 16")
        try require(
            batchSize >= 2 * replicas && batchSize % replicas == 0,
            "batchSize must be a multiple of replicas with at least two images for each")
        try require(
            !evaluationSides.isEmpty && evaluationSides.allSatisfy { (32...1024).contains($0) },
            "evaluationSides needs sides of 32 to 1024 pixels")
        try require((1...64).contains(loaderWorkers), "loaderWorkers must be 1 to 64")
        try require(validationInterval > 0, "validationInterval must be positive")
        try require(
            ([peakRate] + stages.compactMap(\.restartRate)).allSatisfy { $0 > 0 && $0.isFinite },
            "peakRate and every restartRate must be positive")
        try require(gradientNorm > 0, "gradientNorm must be positive")
        try require(
            ([labelSmoothing] + stages.compactMap(\.labelSmoothing)).allSatisfy { (0..<1).contains($0) },
            "labelSmoothing must be in 0..<1")
        try require((0..<1).contains(averageDecay), "averageDecay must be in 0..<1")
        try require((0...1).contains(melanomaSensitivity), "melanomaSensitivity must be in 0...1")
    }
}
