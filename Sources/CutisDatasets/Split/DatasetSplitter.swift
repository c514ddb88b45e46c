public import CutisCore
import CutisFormats
import Foundation

/// Parts a data set at random: stratified by class, and no patient or lesion in two parts.
///
/// The same data, seed and shares give the same parts on every machine, whatever the order of the rows.
public struct DatasetSplitter: Sendable, Hashable {
    /// Decides the shuffle.
    public var seed: UInt64
    /// Accepts classes with fewer groups than parts, which then are missing in some parts.
    public var allowsRareClasses: Bool

    /// Makes a splitter.
    public init(seed: UInt64, allowsRareClasses: Bool = false) {
        self.seed = seed
        self.allowsRareClasses = allowsRareClasses
    }

    /// The part of each sample, for the given shares of training, validation and test.
    ///
    /// - Parameter fractions: a positive share for at least two parts, adding up to 1.
    /// - Throws: `.invalidArguments` for impossible shares; `.dataInvalid` where a class has fewer groups (patients or
    ///   lesions) than there are parts.
    public func split(_ dataset: Dataset, fractions: [SplitName: Double]) throws(CutisError) -> [SplitName] {
        let names = SplitName.allCases.filter { fractions[$0] != nil }
        let shares = names.map { fractions[$0] ?? 0 }
        guard names.count >= 2, shares.allSatisfy({ $0 > 0 && $0 < 1 }), abs(shares.reduce(0, +) - 1) < 1e-6 else {
            throw CutisError(
                .invalidArguments, "The shares \(shares) do not part a data set.",
                remedy: "Give two or three positive shares that add up to 1.")
        }
        return try assign(dataset, shares).map { names[$0] }
    }

    /// The data set with the parts that `split` gives.
    public func splitting(_ dataset: Dataset, fractions: [SplitName: Double]) throws(CutisError) -> Dataset {
        let parts = try split(dataset, fractions: fractions)
        let samples = zip(dataset.samples, parts).map { sample, part in
            var sample = sample
            sample.split = part
            return sample
        }
        return Dataset(source: dataset.source, labels: dataset.labels, samples: samples)
    }

    /// The fold of each sample, 0 ..< `count`.
    ///
    /// - Throws: as `split`; `.invalidArguments` unless there are 2 to 100 folds.
    public func folds(_ dataset: Dataset, count: Int) throws(CutisError) -> [Int] {
        guard (2...100).contains(count) else {
            throw CutisError(
                .invalidArguments, "A data set cannot be parted into \(count) folds.", remedy: "Give 2 to 100 folds.")
        }
        return try assign(dataset, [Double](repeating: 1 / Double(count), count: count))
    }

    private func assign(_ dataset: Dataset, _ fractions: [Double]) throws(CutisError) -> [Int] {
        let groups = SampleGroups(dataset.samples).members
        guard groups.count >= fractions.count else {
            throw .unusable(
                dataset.source.path, "it has \(groups.count) groups for \(fractions.count) parts",
                remedy: "Give more data, or fewer parts.")
        }
        // Samples without a label are a stratum of their own, so that they are dealt evenly too.
        let strata = dataset.labels.count + 1
        let counts = groups.map { group in
            var counts: [Int: Int] = [:]
            for sample in group {
                let labels = Set(dataset.samples[sample].labels)
                for label in labels.isEmpty ? [strata - 1] : labels { counts[label, default: 0] += 1 }
            }
            return counts.sorted { $0.key < $1.key }.map {
                StratifiedAssignment.Count(stratum: $0.key, count: $0.value)
            }
        }
        var groupsOfClass = [Int](repeating: 0, count: strata)
        for count in counts.joined() { groupsOfClass[count.stratum] += 1 }
        let classes = dataset.labels.labels.indices.filter { groupsOfClass[$0] > 0 }
        let rare = classes.filter { groupsOfClass[$0] < fractions.count }
        guard rare.isEmpty || allowsRareClasses else { throw tooRare(rare, groupsOfClass, dataset, fractions.count) }
        let reserved = classes.filter { groupsOfClass[$0] >= fractions.count }
            .sorted { (groupsOfClass[$0], $0) < (groupsOfClass[$1], $1) }
        var assignment = StratifiedAssignment(
            groups: counts, sizes: groups.map(\.count), strata: strata, fractions: fractions)
        let parts = assignment.run(reserved: reserved, seed: seed)
        var result = [Int](repeating: 0, count: dataset.samples.count)
        for (group, part) in zip(groups, parts) { for sample in group { result[sample] = part } }
        return result
    }

    private func tooRare(_ rare: [Int], _ counts: [Int], _ dataset: Dataset, _ parts: Int) -> CutisError {
        let names = rare.prefix(8).map { "\(quoted(dataset.labels.labels[$0].id)) (\(counts[$0]))" }
        let more = rare.count > 8 ? " and \(rare.count - 8) more" : ""
        return .unusable(
            dataset.source.path,
            "these classes have fewer patients or lesions than the \(parts) parts: "
                + names.joined(separator: ", ") + more,
            remedy: "Join or leave out these classes, or accept that parts lack them (`--allow-rare`).")
    }
}
