import Foundation

/// One number that divides logits so that probabilities fit how often they are right (Guo et al. 2017).
public struct TemperatureScaling: Sendable, Hashable, Codable {
    /// What logits are divided by; above 1 softens.
    public let temperature: Double

    /// Uses a known temperature; it must be positive and finite.
    public init(temperature: Double) throws(StatisticsError) {
        guard temperature > 0, temperature.isFinite else {
            throw .outOfRange("The temperature \(temperature) is not a positive number.")
        }
        self.temperature = temperature
    }

    /// Fits the temperature that minimises the mean negative log likelihood of held-out logits.
    ///
    /// The loss is convex in 1/T, so Newton's method with bisection as a guard finds the one minimum; the result is
    /// kept in 0.05…20 (perfectly separated data have no finite optimum). NaN: refused. Minimum n: 2 cases.
    public init(fitting logits: [[Double]], labels: [Int]) throws(StatisticsError) {
        _ = try MultiClass.check(logits, labels)
        guard labels.count > 1 else { throw .tooFew(what: "observations", needed: 2, found: labels.count) }
        var low = 1 / 20.0
        var high = 1 / 0.05
        var inverse = 1.0
        for _ in 0..<100 {
            let (slope, curvature) = Self.derivatives(logits, labels, inverse)
            if slope > 0 { high = inverse } else { low = inverse }
            let newton = inverse - slope / curvature
            let next = newton > low && newton < high ? newton : (low + high) / 2
            let change = abs(next - inverse)
            inverse = next
            if change < 1e-13 { break }
        }
        temperature = 1 / inverse
    }

    /// The soft-max of one row of logits divided by the temperature.
    public func probabilities(_ logits: [Double]) -> [Double] {
        let largest = logits.max() ?? 0
        let powers = logits.map { exp(($0 - largest) / temperature) }
        let sum = powers.reduce(0, +)
        return powers.map { $0 / sum }
    }

    /// First and second derivative of the mean loss in 1/T: E_p[z] − z_y, and Var_p[z].
    private static func derivatives(
        _ logits: [[Double]], _ labels: [Int], _ inverse: Double
    ) -> (slope: Double, curvature: Double) {
        var slope = 0.0
        var curvature = 0.0
        for (row, label) in zip(logits, labels) {
            let largest = row.max() ?? 0
            var sum = 0.0
            var first = 0.0
            var second = 0.0
            for value in row {
                let centred = value - largest
                let weight = exp(centred * inverse)
                sum += weight
                first += weight * centred
                second += weight * centred * centred
            }
            let expected = first / sum
            slope += expected - (row[label] - largest)
            curvature += second / sum - expected * expected
        }
        let n = Double(labels.count)
        return (slope / n, max(curvature / n, 1e-300))
    }
}
