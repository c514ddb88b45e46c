import Foundation

/// Weights of the classes in the losses, from how often they occur.
package enum ClassWeights {
    /// (N / (K·N_i))^power for the cross-entropy: 1 balances the classes fully, 0 not at all. A class without images has
    /// the weight 0.
    package static func softened(counts: [Int], power: Double) -> [Double] {
        let total = Double(counts.reduce(0, +))
        return counts.map { count in
            count > 0 ? pow(total / (Double(counts.count) * Double(count)), power) : 0
        }
    }

    /// ((N − P_i) / P_i)^power for the positives of each label among N cases, PyTorch's advice for `pos_weight`; 1 for a
    /// label that is never or always positive.
    package static func positive(counts: [Int], cases: Int, power: Double) -> [Double] {
        counts.map { count in
            count > 0 && count < cases ? pow(Double(cases - count) / Double(count), power) : 1
        }
    }
}
