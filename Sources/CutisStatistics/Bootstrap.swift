/// Percentile intervals by resampling within strata, with a seeded generator.
public enum Bootstrap {
    /// Estimates any statistic of a set of cases.
    ///
    /// - Parameters:
    ///   - strata: the stratum of each case. Each replicate draws as many cases from a stratum as it has, with
    ///     replacement, so that rare classes never vanish. One stratum for all is the plain bootstrap.
    ///   - confidence: the coverage, 0…1.
    ///   - replicates: how many; at least 100.
    ///   - seed: the same seed gives the same interval on every machine.
    ///   - statistic: the statistic of the cases at these row indices (rows repeat).
    /// - Returns: the statistic of all cases; quantiles of the replicates, interpolated linearly. A replicate whose
    ///   statistic is not finite is refused, not skipped.
    public static func estimate(
        strata: [Int], confidence: Double = 0.95, replicates: Int = 1000, seed: UInt64 = 1,
        statistic: ([Int]) -> Double
    ) throws(StatisticsError) -> Estimate {
        try Check.confidence(confidence)
        guard !strata.isEmpty else { throw .tooFew(what: "observations", needed: 1, found: 0) }
        guard replicates >= 100 else { throw .outOfRange("\(replicates) replicates are fewer than 100.") }
        let value = statistic(Array(strata.indices))
        guard value.isFinite else { throw .notFinite(index: 0) }
        let groups = Dictionary(grouping: strata.indices, by: { strata[$0] }).sorted { $0.key < $1.key }.map(\.value)
        var generator = SeededGenerator(seed: seed)
        var values: [Double] = []
        values.reserveCapacity(replicates)
        for replicate in 0..<replicates {
            var rows: [Int] = []
            rows.reserveCapacity(strata.count)
            for group in groups {
                for _ in group.indices { rows.append(group[generator.index(below: group.count)]) }
            }
            let result = statistic(rows)
            guard result.isFinite else { throw .notFinite(index: replicate) }
            values.append(result)
        }
        values.sort()
        let tail = (1 - confidence) / 2
        return Estimate(
            value: value, lower: quantile(ofSorted: values, tail), upper: quantile(ofSorted: values, 1 - tail),
            count: strata.count,
            method: Estimate.method("stratified bootstrap (\(replicates) replicates)", confidence))
    }

    /// The quantile of sorted values with linear interpolation (the default of NumPy).
    static func quantile(ofSorted values: [Double], _ probability: Double) -> Double {
        let position = probability * Double(values.count - 1)
        let low = min(values.count - 1, Int(position))
        let high = min(values.count - 1, low + 1)
        return values[low] + (values[high] - values[low]) * (position - Double(low))
    }
}
