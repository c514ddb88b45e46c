public import CutisCore

/// What a training configuration says about the loss, before the classes and their frequencies are known.
public struct LossConfiguration: Sendable, Hashable, Codable {
    /// How rare classes (or the positives of rare labels) are made up for.
    public enum Weighting: Sendable, Hashable, Codable {
        /// Not at all.
        case none
        /// By the frequency in the training part, to this power: 1 balances fully. See `ClassWeights`.
        case balanced(power: Double)
        /// By these numbers, in the order of the labels.
        case given([Double])
    }

    /// The focal term on one class of `Objective`.
    public struct FocalTerm: Sendable, Hashable, Codable {
        /// The id of the class.
        public var label: String
        /// λ, the weight of the term.
        public var weight: Double
        /// γ.
        public var gamma: Double

        /// Makes a term.
        public init(label: String, weight: Double = 0.3, gamma: Double = 2) {
            self.label = label
            self.weight = weight
            self.gamma = gamma
        }
    }

    /// How classes are weighted.
    public var weighting: Weighting
    /// ε of label smoothing (one class per image).
    public var labelSmoothing: Double
    /// The focal term (one class per image); nil for none.
    public var focal: FocalTerm?
    /// γ of the focal factor (any number of labels); 0 for none.
    public var focalGamma: Double
    /// α of the focal factor (any number of labels); nil for none.
    public var focalAlpha: Double?

    /// Makes a configuration; the defaults are plain cross-entropy.
    public init(
        weighting: Weighting = .none, labelSmoothing: Double = 0, focal: FocalTerm? = nil, focalGamma: Double = 0,
        focalAlpha: Double? = nil
    ) {
        self.weighting = weighting
        self.labelSmoothing = labelSmoothing
        self.focal = focal
        self.focalGamma = focalGamma
        self.focalAlpha = focalAlpha
    }

    /// The loss of images with one class each.
    ///
    /// - Parameters:
    ///   - labels: the classes.
    ///   - counts: training images of each class.
    /// - Throws: `.configInvalid` that names the value.
    public func objective(labels: LabelSet, counts: [Int]) throws(CutisError) -> Objective {
        try validate()
        let weights = try weights(labels) { ClassWeights.softened(counts: counts, power: $0) }
        guard let focal else { return Objective(classWeights: weights, labelSmoothing: labelSmoothing) }
        guard let index = labels.index(of: focal.label) else {
            throw Self.wrong(
                "the focal term's class '\(focal.label)' is none of "
                    + labels.labels.map(\.id).joined(separator: ", "))
        }
        return Objective(
            classWeights: weights, labelSmoothing: labelSmoothing, focalClass: index, focalWeight: focal.weight,
            focalGamma: focal.gamma)
    }

    /// The loss of cases with any number of labels.
    ///
    /// - Parameters:
    ///   - labels: the labels.
    ///   - positives: training cases that have each label.
    ///   - cases: all training cases.
    /// - Throws: `.configInvalid` that names the value.
    public func multiLabelObjective(
        labels: LabelSet, positives: [Int], cases: Int
    ) throws(CutisError) -> MultiLabelObjective {
        try validate()
        let weights = try weights(labels) { ClassWeights.positive(counts: positives, cases: cases, power: $0) }
        return MultiLabelObjective(positiveWeights: weights, focalGamma: focalGamma, focalAlpha: focalAlpha)
    }

    private func weights(_ labels: LabelSet, _ balanced: (Double) -> [Double]) throws(CutisError) -> [Double] {
        switch weighting {
        case .none: return [Double](repeating: 1, count: labels.count)
        case .balanced(let power): return balanced(power)
        case .given(let weights):
            guard weights.count == labels.count else {
                throw Self.wrong("it gives \(weights.count) class weights for \(labels.count) classes")
            }
            return weights
        }
    }

    private func validate() throws(CutisError) {
        func require(_ holds: Bool, _ what: String) throws(CutisError) {
            guard holds else { throw Self.wrong(what) }
        }
        switch weighting {
        case .none: break
        case .balanced(let power):
            try require((0...4).contains(power), "the power of the class weights must be in 0...4")
        case .given(let weights):
            try require(weights.allSatisfy { $0 >= 0 && $0.isFinite }, "a class weight is negative or not a number")
        }
        try require((0..<1).contains(labelSmoothing), "the label smoothing must be in 0..<1")
        if let focal {
            try require((0...1000).contains(focal.weight), "the weight of the focal term must be in 0...1000")
            try require((0...20).contains(focal.gamma), "γ of the focal term must be in 0...20")
        }
        try require(
            focalGamma == 0 || (1...20).contains(focalGamma), "γ of the focal factor must be 0 or in 1...20")
        try require(focalAlpha.map { (0...1).contains($0) } ?? true, "α of the focal factor must be in 0...1")
    }

    private static func wrong(_ what: String) -> CutisError {
        CutisError(.configInvalid, "The loss is configured wrongly: \(what).", remedy: "Correct that value.")
    }
}
