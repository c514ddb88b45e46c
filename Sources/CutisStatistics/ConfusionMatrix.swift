/// How often each true class was given each predicted class.
public struct ConfusionMatrix: Sendable, Hashable, Codable {
    /// Rows are the truth, columns the prediction.
    public let counts: [[Int]]

    /// Counts pairs of labels in 0 ..< `classCount`.
    public init(truth: [Int], predicted: [Int], classCount: Int) throws(StatisticsError) {
        try Check.sameLength(truth.count, predicted.count)
        guard classCount > 0 else { throw .tooFew(what: "classes", needed: 1, found: classCount) }
        guard !truth.isEmpty else { throw .tooFew(what: "observations", needed: 1, found: 0) }
        var counts = [[Int]](repeating: [Int](repeating: 0, count: classCount), count: classCount)
        for (actual, named) in zip(truth, predicted) {
            guard (0..<classCount).contains(actual), (0..<classCount).contains(named) else {
                throw .outOfRange("The labels \(actual) and \(named) are not among \(classCount) classes.")
            }
            counts[actual][named] += 1
        }
        self.counts = counts
    }

    /// Counts rows of scores; the prediction is the largest score, the first one where several are equal.
    public init(probabilities: [[Double]], labels: [Int]) throws(StatisticsError) {
        let classCount = try MultiClass.check(probabilities, labels)
        try self.init(truth: labels, predicted: probabilities.map(MultiClass.largest), classCount: classCount)
    }

    /// How many cases there are.
    public var total: Int { counts.reduce(0) { $0 + $1.reduce(0, +) } }

    /// The share of right predictions.
    public func accuracy(confidence: Double = 0.95) throws(StatisticsError) -> Estimate {
        let right = counts.indices.reduce(0) { $0 + counts[$1][$1] }
        return try Proportion.estimate(successes: right, count: total, confidence: confidence)
    }

    /// The share of a class's cases that were found (sensitivity); the class must occur.
    public func recall(_ label: Int, confidence: Double = 0.95) throws(StatisticsError) -> Estimate {
        try check(label)
        return try Proportion.estimate(
            successes: counts[label][label], count: counts[label].reduce(0, +), confidence: confidence)
    }

    /// The share of a class's predictions that were right; the class must have been predicted.
    public func precision(_ label: Int, confidence: Double = 0.95) throws(StatisticsError) -> Estimate {
        try check(label)
        return try Proportion.estimate(
            successes: counts[label][label], count: counts.reduce(0) { $0 + $1[label] }, confidence: confidence)
    }

    /// The mean recall over the classes that occur, as scikit-learn has it, with a bootstrap interval within classes.
    public func balancedAccuracy(
        confidence: Double = 0.95, replicates: Int = 2000, seed: UInt64 = 1
    ) throws(StatisticsError) -> Estimate {
        var strata: [Int] = []
        var right: [Bool] = []
        for (label, row) in counts.enumerated() {
            for (named, count) in row.enumerated() {
                strata.append(contentsOf: repeatElement(label, count: count))
                right.append(contentsOf: repeatElement(label == named, count: count))
            }
        }
        let sizes = counts.map { $0.reduce(0, +) }
        let occurring = sizes.count { $0 > 0 }
        return try Bootstrap.estimate(
            strata: strata, confidence: confidence, replicates: replicates, seed: seed
        ) { rows in
            var found = [Int](repeating: 0, count: sizes.count)
            for row in rows where right[row] { found[strata[row]] += 1 }
            let recalls = zip(found, sizes).filter { $0.1 > 0 }.map { Double($0.0) / Double($0.1) }
            return recalls.reduce(0, +) / Double(occurring)
        }
    }

    private func check(_ label: Int) throws(StatisticsError) {
        guard counts.indices.contains(label) else { throw .outOfRange("There is no class \(label).") }
    }
}
