/// What a threshold does: a case is called positive where `score >= threshold`.
public struct OperatingPoint: Sendable, Hashable, Codable {
    /// The threshold.
    public let threshold: Double
    /// Positives that are called positive.
    public let sensitivity: Estimate
    /// Negatives that are called negative.
    public let specificity: Estimate
    /// Positives among those called positive; nil where nothing is called positive.
    public let positivePredictiveValue: Estimate?
    /// Negatives among those called negative; nil where everything is called positive.
    public let negativePredictiveValue: Estimate?

    /// Applies a threshold to scores. Minimum n: one positive and one negative. NaN: refused.
    public init(
        threshold: Double, scores: [Double], positives: [Bool], confidence: Double = 0.95
    ) throws(StatisticsError) {
        try Check.binary(scores, positives)
        guard !threshold.isNaN else { throw .outOfRange("The threshold is not a number.") }
        var truePositives = 0
        var falsePositives = 0
        for (score, isPositive) in zip(scores, positives) where score >= threshold {
            if isPositive { truePositives += 1 } else { falsePositives += 1 }
        }
        let positiveCount = positives.count { $0 }
        let negativeCount = positives.count - positiveCount
        let called = truePositives + falsePositives
        let trueNegatives = negativeCount - falsePositives
        self.threshold = threshold
        sensitivity = try Proportion.estimate(
            successes: truePositives, count: positiveCount, confidence: confidence)
        specificity = try Proportion.estimate(
            successes: trueNegatives, count: negativeCount, confidence: confidence)
        positivePredictiveValue =
            called == 0
            ? nil : try Proportion.estimate(successes: truePositives, count: called, confidence: confidence)
        negativePredictiveValue =
            called == positives.count
            ? nil
            : try Proportion.estimate(
                successes: trueNegatives, count: positives.count - called, confidence: confidence)
    }
}

/// How a threshold is chosen from validation scores.
public enum ThresholdRule: Sendable, Hashable, Codable {
    /// The largest sensitivity + specificity − 1 (Youden 1950).
    case youden
    /// The best specificity with at least this sensitivity.
    case sensitivity(atLeast: Double)
    /// The best sensitivity with at least this specificity.
    case specificity(atLeast: Double)
    /// The smallest |sensitivity − specificity| on the grid 0.01, 0.02, … 1.00.
    case balancedOnGrid

    /// Chooses a threshold.
    ///
    /// Candidates are the distinct scores (all reachable operating points). Ties: of equally good thresholds the
    /// highest is taken, on the grid the lowest. NaN: refused. Minimum n: one positive and one negative.
    public func threshold(scores: [Double], positives: [Bool]) throws(StatisticsError) -> Double {
        let curve = try ROC.curve(scores: scores, positives: positives).dropFirst()
        switch self {
        case .youden:
            return Self.best(curve) { $0.truePositiveRate - $0.falsePositiveRate }
        case .sensitivity(let floor):
            try Self.checkRate(floor)
            return Self.best(curve.filter { $0.truePositiveRate >= floor }) { -$0.falsePositiveRate }
        case .specificity(let floor):
            try Self.checkRate(floor)
            let allowed = curve.filter { 1 - $0.falsePositiveRate >= floor }
            guard !allowed.isEmpty else { return (scores.max() ?? 1).nextUp }
            return Self.best(allowed[...]) { $0.truePositiveRate }
        case .balancedOnGrid:
            var best = (gap: Double.infinity, threshold: 1.0)
            for step in 1...100 {
                let point = try OperatingPoint(threshold: Double(step) / 100, scores: scores, positives: positives)
                let gap = abs(point.sensitivity.value - point.specificity.value)
                if gap < best.gap { best = (gap, Double(step) / 100) }
            }
            return best.threshold
        }
    }

    /// A threshold midway between the given one and the next smaller score.
    ///
    /// It decides the same on these scores. A threshold that is itself a score is one image's own probability, and the
    /// last bit of another machine's arithmetic may put that image on the other side.
    public static func midway(below threshold: Double, scores: [Double]) -> Double {
        guard let lower = scores.lazy.filter({ $0 < threshold }).max() else { return threshold }
        let middle = lower + (threshold - lower) / 2
        return middle > lower ? middle : threshold
    }

    private static func best(_ points: some Collection<ROC.Point>, by quality: (ROC.Point) -> Double) -> Double {
        var threshold = Double.infinity
        var highest = -Double.infinity
        for point in points where quality(point) > highest {
            highest = quality(point)
            threshold = point.threshold
        }
        return threshold
    }

    private static func checkRate(_ value: Double) throws(StatisticsError) {
        guard (0...1).contains(value) else { throw .outOfRange("The rate \(value) is not between 0 and 1.") }
    }
}
