import Foundation

/// How well probabilities mean what they say.
///
/// Rows are cases, columns classes; a row sums to 1. NaN: refused. Minimum n: 1.
public enum Calibration {
    /// One bin of the reliability diagram.
    public struct Bin: Sendable, Hashable, Codable {
        /// The bin holds confidences in (lower, upper]; the first also holds 0.
        public let lower: Double
        /// The upper edge.
        public let upper: Double
        /// How many cases fall in it.
        public let count: Int
        /// Their mean confidence; 0 in an empty bin.
        public let confidence: Double
        /// The share of right predictions among them; 0 in an empty bin.
        public let accuracy: Double
    }

    /// The reliability diagram of the largest probability, in bins of equal width.
    public static func reliability(
        probabilities: [[Double]], labels: [Int], bins: Int = 15
    ) throws(StatisticsError) -> [Bin] {
        let pairs = try topLabel(probabilities, labels)
        guard bins > 0 else { throw .outOfRange("\(bins) bins are fewer than 1.") }
        return binned(pairs, bins)
    }

    /// The expected calibration error Σ (n_b/n)·|accuracy − confidence| over bins of equal width of the largest
    /// probability (Guo et al. 2017), with a bootstrap interval within the true classes.
    ///
    /// The plug-in error is biased upwards in small samples, so the interval need not be centred on the value.
    public static func expectedError(
        probabilities: [[Double]], labels: [Int], bins: Int = 15, confidence: Double = 0.95, replicates: Int = 1000,
        seed: UInt64 = 1
    ) throws(StatisticsError) -> Estimate {
        let pairs = try topLabel(probabilities, labels)
        guard bins > 0 else { throw .outOfRange("\(bins) bins are fewer than 1.") }
        return try Bootstrap.estimate(
            strata: labels, confidence: confidence, replicates: replicates, seed: seed
        ) { rows in
            binned(rows.map { pairs[$0] }, bins).reduce(0) { sum, bin in
                sum + Double(bin.count) / Double(rows.count) * abs(bin.accuracy - bin.confidence)
            }
        }
    }

    /// The multi-class Brier score, mean over cases of Σ_c (p_c − y_c)², 0…2, with a bootstrap interval.
    public static func brier(
        probabilities: [[Double]], labels: [Int], confidence: Double = 0.95, replicates: Int = 1000, seed: UInt64 = 1
    ) throws(StatisticsError) -> Estimate {
        _ = try MultiClass.check(probabilities, labels)
        let terms = zip(probabilities, labels).map { row, label in
            row.enumerated().reduce(0.0) { sum, entry in
                let difference = entry.element - (entry.offset == label ? 1 : 0)
                return sum + difference * difference
            }
        }
        return try mean(of: terms, labels, confidence, replicates, seed)
    }

    /// The Brier score of one probability, mean (p − y)², 0…1, with a bootstrap interval.
    public static func brier(
        scores: [Double], positives: [Bool], confidence: Double = 0.95, replicates: Int = 1000, seed: UInt64 = 1
    ) throws(StatisticsError) -> Estimate {
        try Check.sameLength(scores.count, positives.count)
        try Check.finite(scores)
        let terms = zip(scores, positives).map { ($0 - ($1 ? 1 : 0)) * ($0 - ($1 ? 1 : 0)) }
        return try mean(of: terms, positives.map { $0 ? 1 : 0 }, confidence, replicates, seed)
    }

    /// The mean negative log likelihood of the true class, in nats, with a bootstrap interval.
    ///
    /// Probabilities are cut at 2.2e-16 (as scikit-learn does) so that a single 0 does not make it infinite.
    public static func logLoss(
        probabilities: [[Double]], labels: [Int], confidence: Double = 0.95, replicates: Int = 1000, seed: UInt64 = 1
    ) throws(StatisticsError) -> Estimate {
        _ = try MultiClass.check(probabilities, labels)
        let smallest = Double.ulpOfOne
        let terms = zip(probabilities, labels).map { -log(min(1 - smallest, max(smallest, $0[$1]))) }
        return try mean(of: terms, labels, confidence, replicates, seed)
    }

    private static func mean(
        of terms: [Double], _ strata: [Int], _ confidence: Double, _ replicates: Int, _ seed: UInt64
    ) throws(StatisticsError) -> Estimate {
        try Bootstrap.estimate(strata: strata, confidence: confidence, replicates: replicates, seed: seed) { rows in
            rows.reduce(0) { $0 + terms[$1] } / Double(rows.count)
        }
    }

    private typealias Pair = (confidence: Double, isRight: Bool)

    private static func topLabel(_ rows: [[Double]], _ labels: [Int]) throws(StatisticsError) -> [Pair] {
        _ = try MultiClass.check(rows, labels)
        return zip(rows, labels).map { row, label in
            let best = MultiClass.largest(row)
            return (row[best], best == label)
        }
    }

    private static func binned(_ pairs: [Pair], _ bins: Int) -> [Bin] {
        var counts = [Int](repeating: 0, count: bins)
        var confidences = [Double](repeating: 0, count: bins)
        var right = [Double](repeating: 0, count: bins)
        for pair in pairs {
            let place = (pair.confidence * Double(bins)).rounded(.up) - 1
            let bin = Int(min(Double(bins - 1), max(0, place)))
            counts[bin] += 1
            confidences[bin] += pair.confidence
            right[bin] += pair.isRight ? 1 : 0
        }
        return (0..<bins).map { bin in
            let count = max(1, Double(counts[bin]))
            return Bin(
                lower: Double(bin) / Double(bins), upper: Double(bin + 1) / Double(bins), count: counts[bin],
                confidence: confidences[bin] / count, accuracy: right[bin] / count)
        }
    }
}
