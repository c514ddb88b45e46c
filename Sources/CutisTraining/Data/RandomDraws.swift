import CutisImaging
package import CutisStatistics
import Foundation

extension SeededGenerator {
    /// What a sequence of draws is for; those of one purpose never meet those of another.
    package enum Purpose: UInt64 {
        /// The order of an epoch's rows.
        case order = 0x6F72_6465_7200_0001
        /// The changes of an image.
        case image = 0x696D_6167_6500_0002
        /// The mixing of a batch.
        case mixing = 0x6D69_7869_6E67_0003
        /// The row that takes the place of one that cannot be read.
        case replacement = 0x7265_706C_6163_0004
    }

    /// The sequence for one item (a batch, a position) of an epoch.
    package init(seed: UInt64, _ purpose: Purpose, epoch: Int, item: Int = 0) {
        self.init(
            seed: seed ^ purpose.rawValue,
            stream: UInt64(truncatingIfNeeded: epoch) << 40 | UInt64(truncatingIfNeeded: item))
    }

    /// A number of the symmetric beta distribution with both parameters `alpha`, from two gamma numbers.
    package mutating func beta(_ alpha: Double) -> Double {
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
