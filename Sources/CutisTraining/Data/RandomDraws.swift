import CutisStatistics
import Foundation

extension SeededGenerator {
    /// A standard normal number (Box and Muller).
    mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }

    /// A number of the symmetric beta distribution with both parameters `alpha`, from two gamma numbers.
    mutating func beta(_ alpha: Double) -> Double {
        let first = gamma(alpha)
        let second = gamma(alpha)
        let sum = first + second
        return sum > 0 ? first / sum : 0.5
    }

    /// A gamma number with the given shape and scale 1 (Marsaglia and Tsang 2000; shapes below 1 by their boost).
    mutating func gamma(_ shape: Double) -> Double {
        if shape < 1 {
            return gamma(shape + 1) * pow(1 - uniform(), 1 / shape)
        }
        let d = shape - 1.0 / 3
        let c = 1 / (9 * d).squareRoot()
        while true {
            let x = normal()
            let v = (1 + c * x) * (1 + c * x) * (1 + c * x)
            guard v > 0 else { continue }
            if log(1 - uniform()) < 0.5 * x * x + d - d * v + d * log(v) { return d * v }
        }
    }
}
