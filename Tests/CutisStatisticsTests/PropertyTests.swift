import CutisStatistics
import Testing

@Suite("Properties that hold for any data")
struct PropertyTests {
    static let seeds: [UInt64] = Array(1...20)

    /// Scores on a coarse grid, so that ties are frequent, with at least two of each kind.
    static func sample(_ seed: UInt64) -> (scores: [Double], positives: [Bool]) {
        var generator = SeededGenerator(seed: seed)
        let count = 4 + generator.index(below: 60)
        let positives = (0..<count).map { $0 < 2 || ($0 >= 4 && generator.uniform() < 0.4) }
        let scores = positives.map { ((generator.uniform() + ($0 ? 0.3 : 0)) * 8).rounded() / 10 }
        return (scores, positives)
    }

    @Test(arguments: seeds) func areaOfNegatedScoresIsTheComplement(_ seed: UInt64) throws {
        let (scores, positives) = Self.sample(seed)
        let area = try ROC.area(scores: scores, positives: positives)
        let complement = try ROC.area(scores: scores.map { -$0 }, positives: positives)
        #expect(isClose(area + complement, 1))
        #expect(try isClose(ROC.area(scores: scores, positives: positives.map { !$0 }), complement))
    }

    @Test(arguments: seeds) func areaIsUnchangedByAnyRisingFunction(_ seed: UInt64) throws {
        let (scores, positives) = Self.sample(seed)
        let area = try ROC.auroc(scores: scores, positives: positives)
        let moved = try ROC.auroc(scores: scores.map { $0 * $0 * $0 + 7 }, positives: positives)
        #expect(isClose(area.value, moved.value) && isClose(area.lower, moved.lower))
    }

    @Test(arguments: seeds) func areaIsTheTrapezoidOfTheCurve(_ seed: UInt64) throws {
        let (scores, positives) = Self.sample(seed)
        let curve = try ROC.curve(scores: scores, positives: positives)
        let trapezoids = zip(curve, curve.dropFirst()).reduce(0.0) { sum, pair in
            sum + (pair.1.falsePositiveRate - pair.0.falsePositiveRate)
                * (pair.0.truePositiveRate + pair.1.truePositiveRate) / 2
        }
        #expect(try isClose(trapezoids, ROC.area(scores: scores, positives: positives)))
    }

    @Test(arguments: seeds) func everyIntervalHoldsItsValue(_ seed: UInt64) throws {
        let (scores, positives) = Self.sample(seed)
        let point = try OperatingPoint(threshold: 0.4, scores: scores, positives: positives)
        let estimates = [
            try ROC.auroc(scores: scores, positives: positives), point.sensitivity, point.specificity,
            try PrecisionRecall.averagePrecision(scores: scores, positives: positives, replicates: 300),
        ]
        for estimate in estimates {
            #expect(estimate.lower <= estimate.value && estimate.value <= estimate.upper, "\(estimate)")
            #expect((0...1).contains(estimate.lower) && (0...1).contains(estimate.upper), "\(estimate)")
        }
    }

    @Test func proportionIntervalsMirror() throws {
        for count in [1, 7, 30, 200] {
            for successes in 0...count where count < 50 || successes % 20 == 0 {
                let rest = count - successes
                let pairs = [
                    (
                        try Proportion.wilson(successes: successes, count: count),
                        try Proportion.wilson(successes: rest, count: count)
                    ),
                    (
                        try Proportion.clopperPearson(successes: successes, count: count),
                        try Proportion.clopperPearson(successes: rest, count: count)
                    ),
                ]
                for (one, other) in pairs {
                    #expect(isClose(one.lower, 1 - other.upper, within: 1e-10))
                    #expect(one.lower <= one.value && one.value <= one.upper && one.lower < one.upper)
                }
            }
        }
    }

    @Test(arguments: seeds) func chosenThresholdsKeepTheirPromise(_ seed: UInt64) throws {
        let (scores, positives) = Self.sample(seed)
        let sensitive = try ThresholdRule.sensitivity(atLeast: 0.8).threshold(scores: scores, positives: positives)
        #expect(
            try OperatingPoint(threshold: sensitive, scores: scores, positives: positives).sensitivity.value >= 0.8)
        let specific = try ThresholdRule.specificity(atLeast: 0.9).threshold(scores: scores, positives: positives)
        #expect(
            try OperatingPoint(threshold: specific, scores: scores, positives: positives).specificity.value >= 0.9)
    }

    @Test func bootstrapIsReproducibleAndCovers() throws {
        var generator = SeededGenerator(seed: 3)
        var covered = 0
        for trial in 0..<100 {
            let values = (0..<60).map { _ in generator.uniform() }
            let strata = [Int](repeating: 0, count: values.count)
            let make = {
                try Bootstrap.estimate(strata: strata, replicates: 300, seed: UInt64(trial)) { rows in
                    rows.reduce(0) { $0 + values[$1] } / Double(rows.count)
                }
            }
            let estimate = try make()
            #expect(try make() == estimate)
            if estimate.lower <= 0.5, 0.5 <= estimate.upper { covered += 1 }
        }
        #expect(covered >= 87, "nominal 95 of 100, got \(covered)")
    }

    @Test func temperatureUndoesAScale() throws {
        var generator = SeededGenerator(seed: 11)
        let logits = (0..<200).map { _ in (0..<3).map { _ in generator.uniform(-2...2) } }
        let labels = logits.map { row in
            generator.uniform() < 0.7 ? row.indices.max { row[$0] < row[$1] } ?? 0 : generator.index(below: 3)
        }
        let base = try TemperatureScaling(fitting: logits, labels: labels).temperature
        let scaled = try TemperatureScaling(fitting: logits.map { $0.map { $0 * 2.5 } }, labels: labels).temperature
        #expect(isClose(scaled, base * 2.5, within: 1e-9))
    }

    @Test func perfectlySeparatedLogitsGiveTheSmallestTemperature() throws {
        let scaling = try TemperatureScaling(fitting: [[5, 0], [0, 5], [4, 0]], labels: [0, 1, 0])
        #expect(isClose(scaling.temperature, 0.05, within: 1e-6))
    }

    @Test func generatorIsTheSameEverywhere() {
        var generator = SeededGenerator(seed: 0)
        #expect(generator.next() == 0xE220_A839_7B1D_CDAF)
        #expect(generator.next() == 0x6E78_9E6A_A1B9_65F4)
        var values = Array(0..<10)
        generator.shuffle(&values)
        #expect(values.sorted() == Array(0..<10))
        var first = SeededGenerator(seed: 1, stream: 1)
        var second = SeededGenerator(seed: 1, stream: 2)
        #expect(first.next() != second.next())
    }
}
