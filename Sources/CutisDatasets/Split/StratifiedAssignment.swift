import CutisStatistics

/// Deals groups of samples to parts so that every part gets its share of every class.
///
/// Each group goes where it lowers Σ (n − f·N)²/(f·N) most, summed over the classes and the number of samples, where n
/// is what the part f has of the N there are. Large groups come first, the others in random order; this is the greedy
/// rule of scikit-learn's `StratifiedGroupKFold` with a chi-squared distance, which also takes unequal parts and
/// several labels a sample (as Sechidis et al. 2011).
struct StratifiedAssignment {
    /// A class and how many samples of a group have it.
    struct Count {
        let stratum: Int
        let count: Int
    }

    private let groups: [[Count]]
    private let sizes: [Int]
    private let targets: [[Double]]
    private let totals: [Double]
    private var counts: [[Double]]
    private var filled: [Double]
    private var parts: [Int]

    /// - Parameters:
    ///   - groups: the classes of each group.
    ///   - sizes: the samples of each group.
    ///   - strata: how many classes there are.
    ///   - fractions: the share of each part; they add up to 1.
    init(groups: [[Count]], sizes: [Int], strata: Int, fractions: [Double]) {
        self.groups = groups
        self.sizes = sizes
        var sums = [Double](repeating: 0, count: strata)
        for count in groups.joined() { sums[count.stratum] += Double(count.count) }
        targets = fractions.map { fraction in sums.map { $0 * fraction } }
        totals = fractions.map { $0 * Double(sizes.reduce(0, +)) }
        counts = fractions.map { _ in [Double](repeating: 0, count: strata) }
        filled = fractions.map { _ in 0 }
        parts = [Int](repeating: -1, count: groups.count)
    }

    /// The part of each group.
    ///
    /// - Parameter reserved: classes of which every part gets a group before shares are looked at, rarest first.
    mutating func run(reserved: [Int], seed: UInt64) -> [Int] {
        var generator = SeededGenerator(seed: seed)
        var order = Array(groups.indices)
        generator.shuffle(&order)
        // The sort is stable: groups of a size stay in random order.
        order.sort { sizes[$0] > sizes[$1] }
        for stratum in reserved {
            let own = order.filter { group in groups[group].contains { $0.stratum == stratum } }
            for part in targets.indices where counts[part][stratum] == 0 {
                // The smallest group disturbs the shares least.
                if let group = own.last(where: { parts[$0] < 0 }) { assign(group, to: part) }
            }
        }
        for group in order where parts[group] < 0 {
            let costs = targets.indices.map { cost(of: group, in: $0) }
            assign(group, to: costs.indices.min { costs[$0] < costs[$1] } ?? 0)
        }
        return parts
    }

    private func cost(of group: Int, in part: Int) -> Double {
        func growth(_ have: Double, _ more: Int, _ target: Double) -> Double {
            Double(more) * (2 * (have - target) + Double(more)) / target
        }
        return groups[group].reduce(growth(filled[part], sizes[group], totals[part])) { sum, count in
            sum + growth(counts[part][count.stratum], count.count, targets[part][count.stratum])
        }
    }

    private mutating func assign(_ group: Int, to part: Int) {
        parts[group] = part
        filled[part] += Double(sizes[group])
        for count in groups[group] { counts[part][count.stratum] += Double(count.count) }
    }
}
