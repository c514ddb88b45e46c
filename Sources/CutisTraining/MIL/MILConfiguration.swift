public import CutisCore
import CutisModels
import CutisStatistics
public import Foundation

/// How a gated-attention head is trained on cached embeddings: the section `mil`.
public struct MILConfiguration: Codable, Sendable, Hashable {
    /// What the rarer of the two answers counts.
    public enum Loss: String, Codable, Sendable, Hashable, CaseIterable {
        /// Binary cross-entropy.
        case plain = "bce"
        /// Binary cross-entropy whose positives count (negatives / positives) of the training cases, for each label.
        case weighted = "weighted_bce"
        /// Focal loss (Lin et al. 2017) with `focal_gamma` and `focal_alpha`.
        case focal
    }

    /// What the best epoch has most of, as the mean over the labels.
    public enum Metric: String, Codable, Sendable, Hashable, CaseIterable {
        /// Area under the ROC curve.
        case auroc
        /// Average precision.
        case averagePrecision = "average_precision"
    }

    /// How the threshold of each label is chosen on the validation cases.
    public enum Threshold: String, Codable, Sendable, Hashable, CaseIterable {
        /// The largest sensitivity + specificity − 1.
        case youden
        /// The best specificity with a sensitivity of at least `minimum_sensitivity`.
        case sensitivity
        /// The smallest |sensitivity − specificity| on the grid 0.01, 0.02, … 1.
        case balanced
    }

    /// The width of an image's features inside the head.
    public var hiddenWidth = 768
    /// The width of the two gate layers.
    public var attentionWidth = 256
    /// Hidden layers before the attention.
    public var instanceLayers = 1
    /// The width of the hidden layers after the pooling.
    public var sharedWidth = 384
    /// Hidden layers after the pooling.
    public var sharedLayers = 1
    /// The rank of the trained part of a fixed random first layer; nil trains an ordinary one.
    public var projectionRank: Int?
    /// The share of features that are zeroed in training.
    public var dropout = 0.25
    /// The loss.
    public var loss = Loss.weighted
    /// γ of the focal loss.
    public var focalGamma = 2.0
    /// α of the focal loss, the positives' share of the weight; 0.5 weighs positives and negatives alike.
    public var focalAlpha = 0.25
    /// The largest weight of positives.
    public var maximumPositiveWeight = 100.0
    /// Starts the last bias of each label at the log-odds of its prevalence in the training cases.
    public var startsAtPrevalence = true
    /// AdamW's learning rate.
    public var learningRate = 1e-4
    /// AdamW's decay of matrices; biases and norms have none.
    public var weightDecay = 1e-2
    /// The largest norm of all gradients together.
    public var gradientNorm = 1.0
    /// Cases in a step.
    public var batchSize = 32
    /// Epochs at most.
    public var epochs = 100
    /// Epochs without a better one before the training stops.
    public var patience = 10
    /// What the best epoch has most of.
    public var metric = Metric.auroc
    /// How thresholds are chosen.
    public var threshold = Threshold.youden
    /// The sensitivity of the threshold `sensitivity`.
    public var minimumSensitivity = 0.9
    /// Images of a case at most.
    public var maximumInstances = 3
    /// The seed of everything random.
    public var seed: UInt64 = 1

    /// The defaults.
    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case dropout, loss, epochs, patience, metric, threshold, seed
        case hiddenWidth = "hidden_width"
        case attentionWidth = "attention_width"
        case instanceLayers = "instance_layers"
        case sharedWidth = "shared_width"
        case sharedLayers = "shared_layers"
        case projectionRank = "projection_rank"
        case focalGamma = "focal_gamma"
        case focalAlpha = "focal_alpha"
        case maximumPositiveWeight = "maximum_positive_weight"
        case startsAtPrevalence = "starts_at_prevalence"
        case learningRate = "learning_rate"
        case weightDecay = "weight_decay"
        case gradientNorm = "gradient_norm"
        case batchSize = "batch_size"
        case minimumSensitivity = "minimum_sensitivity"
        case maximumInstances = "maximum_instances"
    }

    /// Reads the section; keys that it leaves out keep their defaults.
    public init(from decoder: any Decoder) throws {
        try SectionKeys.check(decoder, CodingKeys.self, section: "mil")
        let container = try decoder.container(keyedBy: CodingKeys.self)
        func read<Value: Decodable>(_ key: CodingKeys, _ value: inout Value) throws {
            if let given = try container.decodeIfPresent(Value.self, forKey: key) { value = given }
        }
        try read(.hiddenWidth, &hiddenWidth)
        try read(.attentionWidth, &attentionWidth)
        try read(.instanceLayers, &instanceLayers)
        try read(.sharedWidth, &sharedWidth)
        try read(.sharedLayers, &sharedLayers)
        projectionRank = try container.decodeIfPresent(Int.self, forKey: .projectionRank)
        try read(.dropout, &dropout)
        try read(.loss, &loss)
        try read(.focalGamma, &focalGamma)
        try read(.focalAlpha, &focalAlpha)
        try read(.maximumPositiveWeight, &maximumPositiveWeight)
        try read(.startsAtPrevalence, &startsAtPrevalence)
        try read(.learningRate, &learningRate)
        try read(.weightDecay, &weightDecay)
        try read(.gradientNorm, &gradientNorm)
        try read(.batchSize, &batchSize)
        try read(.epochs, &epochs)
        try read(.patience, &patience)
        try read(.metric, &metric)
        try read(.threshold, &threshold)
        try read(.minimumSensitivity, &minimumSensitivity)
        try read(.maximumInstances, &maximumInstances)
        try read(.seed, &seed)
        try check()
    }

    /// Reads a file that holds the section, with `mil:` above it.
    ///
    /// - Throws: `.fileNotFound`, `.fileUnreadable`; `.configInvalid` that names the key.
    public init(file: URL) throws(CutisError) {
        self = try ConfigurationFile.section("mil", of: file, defaults: Self())
    }

    /// Refuses numbers that no training can use.
    ///
    /// - Throws: `.configInvalid` that names the key.
    public func check() throws(CutisError) {
        let counts: [(CodingKeys, Int, ClosedRange<Int>)] = [
            (.batchSize, batchSize, 1...65_536), (.epochs, epochs, 1...100_000), (.patience, patience, 1...100_000),
            (.maximumInstances, maximumInstances, 1...64),
        ]
        if let (key, value, range) = counts.first(where: { !$0.2.contains($0.1) }) {
            throw SectionKeys.invalid(
                "mil.\(key.stringValue) is \(value), outside \(range.lowerBound)…\(range.upperBound)")
        }
        let numbers: [(CodingKeys, Double, ClosedRange<Double>)] = [
            (.focalGamma, focalGamma, 1...10), (.focalAlpha, focalAlpha, 0...1),
            (.maximumPositiveWeight, maximumPositiveWeight, 1...1e6), (.learningRate, learningRate, 1e-9...10),
            (.weightDecay, weightDecay, 0...10), (.gradientNorm, gradientNorm, 1e-6...1e6),
            (.minimumSensitivity, minimumSensitivity, 0...1),
        ]
        if let (key, value, range) = numbers.first(where: { !$0.2.contains($0.1) }) {
            throw SectionKeys.invalid(
                "mil.\(key.stringValue) is \(value), outside \(range.lowerBound)…\(range.upperBound)")
        }
        try architecture(inputWidth: 1, classCount: 1).validate()
    }

    /// The sizes of the head.
    func architecture(inputWidth: Int, classCount: Int) -> GatedAttentionMILConfig {
        GatedAttentionMILConfig(
            inputWidth: inputWidth, classCount: classCount, hiddenWidth: hiddenWidth, attentionWidth: attentionWidth,
            instanceLayers: instanceLayers, sharedWidth: sharedWidth, sharedLayers: sharedLayers,
            projectionRank: projectionRank, dropout: dropout)
    }

    /// The rule of the thresholds.
    var thresholdRule: ThresholdRule {
        switch threshold {
        case .youden: .youden
        case .sensitivity: .sensitivity(atLeast: minimumSensitivity)
        case .balanced: .balancedOnGrid
        }
    }
}
