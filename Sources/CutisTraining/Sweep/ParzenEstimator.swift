import CutisStatistics
import Foundation

/// The density of good (or bad) values of one key, from values that were tried: a mixture of one normal distribution
/// for each and a flat one for what is not known yet (Bergstra et al., "Algorithms for Hyper-Parameter Optimization",
/// 2011, section 4.2). All are cut to the range.
struct ParzenEstimator {
    private let range: ClosedRange<Double>
    private let means: [Double]
    private let deviations: [Double]

    /// Makes the mixture.
    ///
    /// The deviation at each value is the larger of the distances to its neighbours (the ends of the range are
    /// neighbours too), between range / min(100, n + 2) and the range. The prior has its mean in the middle and the
    /// range as deviation.
    init(_ values: [Double], in range: ClosedRange<Double>) {
        self.range = range
        let width = range.upperBound - range.lowerBound
        let middle = range.lowerBound + width / 2
        let sorted = values.sorted()
        let narrowest = width / min(100, Double(values.count + 2))
        means = sorted + [middle]
        deviations =
            sorted.indices.map { index in
                let left = sorted[index] - (index > 0 ? sorted[index - 1] : range.lowerBound)
                let right = (index + 1 < sorted.count ? sorted[index + 1] : range.upperBound) - sorted[index]
                return min(max(left, right, narrowest), width)
            } + [width]
    }

    /// A draw within the range.
    func draw(_ generator: inout SeededGenerator) -> Double {
        let index = generator.index(below: means.count)
        // A mean lies within the range and the deviation is at most its width: one draw in three hits at least.
        while true {
            let radius = (-2 * log(1 - generator.uniform())).squareRoot()
            let value = means[index] + deviations[index] * radius * cos(2 * .pi * generator.uniform())
            if range.contains(value) { return value }
        }
    }

    /// The probability of an interval within the range, which is not empty.
    func probability(of interval: ClosedRange<Double>) -> Double {
        zip(means, deviations).reduce(0) { sum, component in
            let (mean, deviation) = component
            func below(_ x: Double) -> Double { 0.5 * erfc((mean - x) / (deviation * 2.0.squareRoot())) }
            let whole = below(range.upperBound) - below(range.lowerBound)
            return sum + (below(interval.upperBound) - below(interval.lowerBound)) / whole
        } / Double(means.count)
    }

    /// The density at a value of the range.
    func density(at x: Double) -> Double {
        zip(means, deviations).reduce(0) { sum, component in
            let (mean, deviation) = component
            let z = (x - mean) / deviation
            func below(_ x: Double) -> Double { 0.5 * erfc((mean - x) / (deviation * 2.0.squareRoot())) }
            let whole = below(range.upperBound) - below(range.lowerBound)
            return sum + exp(-z * z / 2) / (deviation * (2 * Double.pi).squareRoot() * whole)
        } / Double(means.count)
    }
}
