/// Receiver operating characteristic of a score against a yes/no truth.
///
/// Ties: equal scores count one half, and the curve moves over them in one diagonal step. NaN: refused.
/// Minimum n: one positive and one negative; the interval needs two of each.
public enum ROC {
    /// One point of the curve: everything with `score >= threshold` is called positive.
    public struct Point: Sendable, Hashable, Codable {
        /// The threshold; +infinity for the first point, at which nothing is called positive.
        public let threshold: Double
        /// False positives over negatives.
        public let falsePositiveRate: Double
        /// True positives over positives.
        public let truePositiveRate: Double
    }

    /// The curve from (0, 0) to (1, 1), one point per distinct score.
    public static func curve(scores: [Double], positives: [Bool]) throws(StatisticsError) -> [Point] {
        try Check.binary(scores, positives)
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        let positiveCount = Double(positives.count { $0 })
        let negativeCount = Double(positives.count) - positiveCount
        var points = [Point(threshold: .infinity, falsePositiveRate: 0, truePositiveRate: 0)]
        var hits = 0.0
        var alarms = 0.0
        for (position, index) in order.enumerated() {
            if positives[index] { hits += 1 } else { alarms += 1 }
            let isLastOfTie = position + 1 == order.count || scores[order[position + 1]] != scores[index]
            guard isLastOfTie else { continue }
            points.append(
                Point(
                    threshold: scores[index], falsePositiveRate: alarms / negativeCount,
                    truePositiveRate: hits / positiveCount))
        }
        return points
    }

    /// The area under the curve, without an interval: the probability that a random positive scores above a random
    /// negative, ties counting one half (Mann-Whitney).
    public static func area(scores: [Double], positives: [Bool]) throws(StatisticsError) -> Double {
        try Check.binary(scores, positives)
        return Ranks.area(scores: scores, positives: positives)
    }

    /// The area under the curve with DeLong's interval (DeLong et al. 1988; fast ranks of Sun and Xu 2014).
    ///
    /// The interval is value ± z·standard error, cut to 0…1. Where the variance is 0 (a perfect or constant score) the
    /// interval has no width and the method says `degenerate`: report it with the counts.
    public static func auroc(
        scores: [Double], positives: [Bool], confidence: Double = 0.95
    ) throws(StatisticsError) -> Estimate {
        try Check.confidence(confidence)
        let placement = try Placement(scores: scores, positives: positives)
        let variance = placement.variance
        let z = Distributions.normalQuantile(0.5 + confidence / 2)
        let spread = z * variance.squareRoot()
        let name = variance > 0 ? "DeLong" : "DeLong (degenerate)"
        return Estimate(
            value: placement.area, lower: max(0, placement.area - spread), upper: min(1, placement.area + spread),
            count: scores.count, method: Estimate.method(name, confidence))
    }

    /// The difference of two areas on the same cases, first minus second, and its two-sided p-value (DeLong).
    public static func compare(
        first: [Double], second: [Double], positives: [Bool], confidence: Double = 0.95
    ) throws(StatisticsError) -> (difference: Estimate, pValue: Double) {
        try Check.confidence(confidence)
        let one = try Placement(scores: first, positives: positives)
        let two = try Placement(scores: second, positives: positives)
        let variance = max(0, one.variance + two.variance - 2 * one.covariance(with: two))
        let difference = one.area - two.area
        let deviation = variance.squareRoot()
        let z = Distributions.normalQuantile(0.5 + confidence / 2)
        let pValue: Double =
            deviation > 0 ? Distributions.twoSidedNormal(difference / deviation) : (difference == 0 ? 1 : 0)
        let estimate = Estimate(
            value: difference, lower: max(-1, difference - z * deviation), upper: min(1, difference + z * deviation),
            count: positives.count, method: Estimate.method("paired DeLong", confidence))
        return (estimate, pValue)
    }

    /// The unweighted mean over classes of the one-against-the-rest area.
    ///
    /// - Parameters:
    ///   - probabilities: one row per case, one score per class.
    ///   - labels: the true class of each case. Every class must occur, and not be the only one.
    ///   - replicates: bootstrap replicates, drawn within each class.
    public static func macroAUROC(
        probabilities: [[Double]], labels: [Int], confidence: Double = 0.95, replicates: Int = 1000, seed: UInt64 = 1
    ) throws(StatisticsError) -> Estimate {
        let classCount = try MultiClass.check(probabilities, labels)
        for label in 0..<classCount where !labels.contains(label) {
            throw .tooFew(what: "cases of class \(label)", needed: 1, found: 0)
        }
        guard classCount > 1 else { throw .tooFew(what: "classes", needed: 2, found: classCount) }
        let columns = (0..<classCount).map { label in probabilities.map { $0[label] } }
        return try Bootstrap.estimate(
            strata: labels, confidence: confidence, replicates: replicates, seed: seed
        ) { rows in
            let truth = rows.map { labels[$0] }
            let areas = columns.enumerated().map { label, column in
                Ranks.area(scores: rows.map { column[$0] }, positives: truth.map { $0 == label })
            }
            return areas.reduce(0, +) / Double(classCount)
        }
    }
}
