import CutisCore

/// How the best epoch is found: the section `validation`.
public struct ValidationConfiguration: ConfigurationSection {
    /// What an epoch is judged by.
    public enum Metric: String, Sendable, Hashable, CaseIterable {
        /// The watched class's sensitivity at the best threshold with at least `minimumSpecificity`.
        case sensitivityAtSpecificity = "sensitivity_at_specificity"
        /// The watched class's specificity at the best threshold with at least `minimumSensitivity`.
        case specificityAtSensitivity = "specificity_at_sensitivity"
        /// Area under the watched class's ROC curve.
        case auroc
        /// Mean area of all classes, each against the rest.
        case macroAUROC = "macro_auroc"
        /// Mean recall of the classes.
        case balancedAccuracy = "balanced_accuracy"
        /// Share of right answers.
        case accuracy
        /// The mean of macro area, the watched class's area and balanced accuracy.
        case meanOfThree = "mean_of_three"
        /// The loss on the validation images; the only one of which less is better.
        case loss
    }

    /// Epochs between two looks at the validation images.
    public var interval = 1
    /// What the best epoch has most of.
    public var metric = Metric.sensitivityAtSpecificity
    /// The watched class.
    public var label = "mel"
    /// The specificity below which sensitivity does not count: "everything is melanoma" must not win.
    public var minimumSpecificity = 0.8
    /// The sensitivity that the stored threshold has at least.
    public var minimumSensitivity = 0.8
    /// Validations without a better one before the training stops; nil goes on to the end.
    public var patience: Int?
    /// The sides of the square that inference may see, in pixels; the best is kept. Empty takes the model's.
    public var imageSizes: [Int] = []

    /// The defaults.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.integer("interval", &interval, in: 1...100_000)
        try coder.choice("metric", &metric)
        try coder.text("class", &label)
        try coder.number("minimum_specificity", &minimumSpecificity, in: 0...1)
        try coder.number("minimum_sensitivity", &minimumSensitivity, in: 0...1)
        try coder.integer("patience", &patience, in: 1...100_000)
        try coder.integers("image_sizes", &imageSizes, in: 32...1024)
        guard imageSizes.count <= 16, Set(imageSizes).count == imageSizes.count else {
            throw ConfigurationCoder.invalid(coder.place("image_sizes"), "must be at most 16 different sides")
        }
    }
}

/// How images reach the step: the section `loader`.
public struct LoaderConfiguration: ConfigurationSection {
    /// What is kept between epochs.
    public enum Cache: String, Sendable, Hashable, CaseIterable {
        /// Nothing; every epoch decodes again.
        case none
        /// Decoded images in memory.
        case memory
    }

    /// Threads that decode and augment.
    public var workers = 2
    /// What is kept between epochs.
    public var cache = Cache.none

    /// The defaults.
    public init() {}

    mutating func fields(_ coder: ConfigurationCoder) throws(CutisError) {
        try coder.integer("workers", &workers, in: 1...64)
        try coder.choice("cache", &cache)
    }
}
