/// Confidence intervals of a rate: `successes` of `count`.
///
/// Minimum n: 1. A rate of 0 or 1 keeps an interval of positive width.
public enum Proportion {
    /// Below this count `estimate` takes the exact interval.
    public static let smallCount = 30

    /// Clopper-Pearson where `count` is below `smallCount`, Wilson otherwise.
    public static func estimate(
        successes: Int, count: Int, confidence: Double = 0.95
    ) throws(StatisticsError) -> Estimate {
        if count < smallCount {
            return try clopperPearson(successes: successes, count: count, confidence: confidence)
        }
        return try wilson(successes: successes, count: count, confidence: confidence)
    }

    /// Wilson's score interval without continuity correction (Wilson 1927).
    public static func wilson(
        successes: Int, count: Int, confidence: Double = 0.95
    ) throws(StatisticsError) -> Estimate {
        try check(successes, count, confidence)
        let n = Double(count)
        let rate = Double(successes) / n
        let z = Distributions.normalQuantile(0.5 + confidence / 2)
        let centre = rate + z * z / (2 * n)
        let spread = z * (rate * (1 - rate) / n + z * z / (4 * n * n)).squareRoot()
        let scale = 1 + z * z / n
        return Estimate(
            value: rate, lower: successes == 0 ? 0 : max(0, (centre - spread) / scale),
            upper: successes == count ? 1 : min(1, (centre + spread) / scale), count: count,
            method: Estimate.method("Wilson", confidence))
    }

    /// The exact interval (Clopper and Pearson 1934): beta quantiles, at least the nominal coverage.
    public static func clopperPearson(
        successes: Int, count: Int, confidence: Double = 0.95
    ) throws(StatisticsError) -> Estimate {
        try check(successes, count, confidence)
        let tail = (1 - confidence) / 2
        let k = Double(successes)
        let rest = Double(count - successes)
        return Estimate(
            value: k / Double(count),
            lower: successes == 0 ? 0 : Distributions.betaQuantile(tail, k, rest + 1),
            upper: successes == count ? 1 : Distributions.betaQuantile(1 - tail, k + 1, rest),
            count: count, method: Estimate.method("Clopper-Pearson", confidence))
    }

    private static func check(_ successes: Int, _ count: Int, _ confidence: Double) throws(StatisticsError) {
        try Check.confidence(confidence)
        guard count > 0 else { throw .tooFew(what: "observations", needed: 1, found: count) }
        guard (0...count).contains(successes) else {
            throw .outOfRange("\(successes) successes of \(count) are impossible.")
        }
    }
}
