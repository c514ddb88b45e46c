import Foundation

/// Draws whose sequence is a part of this package: the standard library may change its own between two releases, and
/// the same seed must give the same images then too.
extension RandomNumberGenerator {
    /// A number in 0 ..< 1 with 53 random bits.
    package mutating func uniform() -> Double {
        Double(next() >> 11) * 0x1p-53
    }

    /// A number between `low` and `high`; `low` where the two are not in order.
    package mutating func uniform(_ low: Double, _ high: Double) -> Double {
        low < high ? low + (high - low) * uniform() : low
    }

    /// An integer in 0 ..< `bound`, by Lemire's multiplication; 0 where `bound` is not positive.
    package mutating func index(below bound: Int) -> Int {
        guard bound > 0 else { return 0 }
        return Int(next().multipliedFullWidth(by: UInt64(bound)).high)
    }

    /// True with the given probability; draws in every case, so that other draws do not move with the probability.
    package mutating func chance(_ probability: Double) -> Bool {
        uniform() < probability
    }

    /// A standard normal number (Box and Muller).
    package mutating func normal() -> Double {
        let radius = (-2 * log(1 - uniform())).squareRoot()
        return radius * cos(2 * Double.pi * uniform())
    }

    /// Shuffles by Fisher and Yates.
    mutating func permute<Element>(_ values: inout [Element]) {
        guard values.count > 1 else { return }
        for last in stride(from: values.count - 1, to: 0, by: -1) {
            values.swapAt(last, index(below: last + 1))
        }
    }
}
