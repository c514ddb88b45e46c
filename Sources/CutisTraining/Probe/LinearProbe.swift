public import CutisCore
import CutisStatistics
public import CutisTensor

/// A linear probe: logistic regressions on standardised embeddings, of which validation chooses one.
public struct LinearProbe {
    /// Examples with known classes.
    public struct Examples {
        /// [N, D], as the network gives them.
        public var features: Tensor
        /// The class of each.
        public var labels: [Int]
        /// The weight of each; nil for 1.
        public var weights: [Double]?

        /// Joins examples.
        public init(features: Tensor, labels: [Int], weights: [Double]? = nil) {
            self.features = features
            self.labels = labels
            self.weights = weights
        }
    }

    /// One value of C and what became of it.
    public struct Candidate: Sendable, Hashable, Codable {
        /// C.
        public let strength: Double
        /// The metric on the validation examples.
        public let score: Double
        /// Steps of the fit.
        public let iterations: Int
        /// False where the steps ran out first.
        public let hasConverged: Bool

        enum CodingKeys: String, CodingKey {
            case strength, score, iterations
            case hasConverged = "has_converged"
        }
    }

    /// The head with the chosen C.
    public let head: ProbeHead
    /// What was chosen.
    public let chosen: Candidate
    /// Everything that was tried, C rising.
    public let candidates: [Candidate]

    /// Fits one regression for each C and keeps the best.
    ///
    /// Mean and deviation are those of the training examples. Of equally good values of C the smallest, with the
    /// strongest penalty, is taken. Nothing is random.
    ///
    /// - Throws: `.dataInvalid` where a class is missing from the training examples (or, for the AUROC, from the
    ///   validation examples), or the numbers do not fit each other; `.configInvalid`.
    public init(
        training: Examples, validation: Examples, labels: LabelSet, configuration: ProbeConfiguration
    ) throws {
        try configuration.check()
        guard training.features.rank == 2, validation.features.rank == 2, !validation.labels.isEmpty,
            training.features.shape[1] == validation.features.shape[1],
            validation.features.shape[0] == validation.labels.count,
            validation.labels.allSatisfy({ (0..<labels.count).contains($0) })
        else {
            throw CutisError(
                .dataInvalid, "The validation examples do not fit the labels or the training examples.",
                remedy: "Give features of one width and one known label for each row.")
        }
        let standardisation = try Standardisation(training.features)
        let features = try standardisation(training.features)
        let unseen = try standardisation(validation.features)
        var candidates: [Candidate] = []
        var best: (candidate: Candidate, regression: LogisticRegression)?
        var last: LogisticRegression?
        for strength in Set(configuration.strengths).sorted() {
            let regression = try LogisticRegression(
                features: features, labels: training.labels, classCount: labels.count, strength: strength,
                classWeight: configuration.classWeight, sampleWeights: training.weights, start: last,
                tolerance: configuration.tolerance, maximumIterations: configuration.maximumIterations)
            let candidate = Candidate(
                strength: strength,
                score: try Self.score(
                    regression.probabilities(unseen), validation.labels, labels, configuration.metric),
                iterations: regression.iterations, hasConverged: regression.hasConverged)
            candidates.append(candidate)
            if candidate.score > best?.candidate.score ?? -.infinity { best = (candidate, regression) }
            last = regression
        }
        guard let best else { throw SectionKeys.invalid("probe.strengths is empty") }
        head = try ProbeHead(best.regression, standardisation, labels: labels)
        chosen = best.candidate
        self.candidates = candidates
    }

    private static func score(
        _ probabilities: Tensor, _ truth: [Int], _ labels: LabelSet, _ metric: ProbeConfiguration.Metric
    ) throws -> Double {
        switch metric {
        case .balancedAccuracy:
            let named = try probabilities.argmax(dim: 1).ints()
            let recalls = (0..<labels.count).compactMap { label -> Double? in
                let rows = truth.indices.filter { truth[$0] == label }
                return rows.isEmpty ? nil : Double(rows.count { named[$0] == label }) / Double(rows.count)
            }
            return recalls.reduce(0, +) / Double(recalls.count)
        case .macroAUROC:
            let areas = try labels.labels.enumerated().map { label, entry in
                let positives = truth.map { $0 == label }
                guard positives.contains(true), positives.contains(false) else {
                    throw CutisError(
                        .dataInvalid, "The validation examples have no \(entry.id), or nothing else.",
                        remedy: "Split the data by class, or choose C by balanced_accuracy.")
                }
                return try ROC.area(
                    scores: probabilities.select(dim: 1, index: label).doubles(), positives: positives)
            }
            return areas.reduce(0, +) / Double(areas.count)
        }
    }
}
