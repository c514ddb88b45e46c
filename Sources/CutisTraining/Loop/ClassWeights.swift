import Foundation

/// Weights of the classes in the cross-entropy.
package enum ClassWeights {
    /// (N / (K·N_i))^power: 1 balances the classes fully, 0 not at all.
    package static func softened(counts: [Int], power: Double) -> [Double] {
        let total = Double(counts.reduce(0, +))
        return counts.map { count in
            count > 0 ? pow(total / (Double(counts.count) * Double(count)), power) : 0
        }
    }
}
