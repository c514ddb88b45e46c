/// Precision and recall of a score against a yes/no truth.
///
/// Ties: equal scores enter together. NaN: refused. Minimum n: one positive and one negative.
public enum PrecisionRecall {
    /// One point of the curve: everything with `score >= threshold` is called positive.
    public struct Point: Sendable, Hashable, Codable {
        /// The threshold.
        public let threshold: Double
        /// True positives over everything called positive.
        public let precision: Double
        /// True positives over positives.
        public let recall: Double
    }

    /// One point per distinct score, recall rising.
    public static func curve(scores: [Double], positives: [Bool]) throws(StatisticsError) -> [Point] {
        try Check.binary(scores, positives)
        return points(scores, positives)
    }

    /// Average precision Σ (R_n − R_{n−1})·P_n, without interpolation (scikit-learn's definition), with a bootstrap
    /// interval drawn within positives and negatives.
    public static func averagePrecision(
        scores: [Double], positives: [Bool], confidence: Double = 0.95, replicates: Int = 1000, seed: UInt64 = 1
    ) throws(StatisticsError) -> Estimate {
        try Check.binary(scores, positives)
        return try Bootstrap.estimate(
            strata: positives.map { $0 ? 1 : 0 }, confidence: confidence, replicates: replicates, seed: seed
        ) { rows in
            var sum = 0.0
            var recall = 0.0
            for point in points(rows.map { scores[$0] }, rows.map { positives[$0] }) {
                sum += (point.recall - recall) * point.precision
                recall = point.recall
            }
            return sum
        }
    }

    private static func points(_ scores: [Double], _ positives: [Bool]) -> [Point] {
        let order = scores.indices.sorted { scores[$0] > scores[$1] }
        let positiveCount = Double(positives.count { $0 })
        var result: [Point] = []
        var hits = 0.0
        for (position, index) in order.enumerated() {
            if positives[index] { hits += 1 }
            let isLastOfTie = position + 1 == order.count || scores[order[position + 1]] != scores[index]
            guard isLastOfTie else { continue }
            result.append(
                Point(
                    threshold: scores[index], precision: hits / Double(position + 1), recall: hits / positiveCount))
        }
        return result
    }
}
