import CutisStatistics
import Testing

@Suite("What is refused, and how ties and small samples are handled")
struct RefusalTests {
    @Test func notANumberIsRefusedWithItsPlace() {
        #expect(throws: StatisticsError.notFinite(index: 1)) {
            try ROC.auroc(scores: [0, .nan, 1, 2], positives: [false, true, false, true])
        }
        #expect(throws: StatisticsError.notFinite(index: 2)) {
            try PrecisionRecall.averagePrecision(scores: [0, 1, .infinity, 2], positives: [false, true, false, true])
        }
        #expect(throws: StatisticsError.notFinite(index: 0)) {
            try Calibration.brier(probabilities: [[.nan, 1], [0, 1]], labels: [0, 1])
        }
    }

    @Test func lengthsMustAgree() {
        #expect(throws: StatisticsError.lengthMismatch(2, 1)) {
            try ROC.curve(scores: [0, 1], positives: [true])
        }
        #expect(throws: StatisticsError.lengthMismatch(1, 2)) {
            try Calibration.expectedError(probabilities: [[0.5, 0.5], [1]], labels: [0, 0])
        }
    }

    @Test func oneKindAloneHasNoCurve() {
        #expect(throws: StatisticsError.tooFew(what: "positives", needed: 1, found: 0)) {
            try ROC.auroc(scores: [0, 1], positives: [false, false])
        }
        #expect(throws: StatisticsError.tooFew(what: "negatives", needed: 2, found: 1)) {
            try ROC.auroc(scores: [0, 1, 2], positives: [true, true, false])
        }
        #expect(throws: StatisticsError.tooFew(what: "cases of class 2", needed: 1, found: 0)) {
            try ROC.macroAUROC(probabilities: [[1, 0, 0], [0, 1, 0]], labels: [0, 1])
        }
        #expect(throws: StatisticsError.tooFew(what: "observations", needed: 1, found: 0)) {
            try Proportion.wilson(successes: 0, count: 0)
        }
    }

    @Test func impossibleParametersAreRefused() {
        #expect(throws: StatisticsError.self) { try Proportion.wilson(successes: 3, count: 2) }
        #expect(throws: StatisticsError.self) { try Proportion.wilson(successes: 1, count: 2, confidence: 1) }
        #expect(throws: StatisticsError.self) { try TemperatureScaling(temperature: 0) }
        #expect(throws: StatisticsError.self) { try ConfusionMatrix(truth: [0, 3], predicted: [0, 1], classCount: 3) }
        #expect(throws: StatisticsError.self) {
            try ThresholdRule.sensitivity(atLeast: 1.2).threshold(scores: [0, 1], positives: [false, true])
        }
    }

    @Test func aConstantScoreHasAreaOneHalf() throws {
        let estimate = try ROC.auroc(scores: [1, 1, 1, 1], positives: [true, false, true, false])
        #expect(estimate.value == 0.5)
        #expect(estimate.method == "DeLong (degenerate) 95 %")
    }

    @Test func smallRatesTakeTheExactInterval() throws {
        #expect(try Proportion.estimate(successes: 3, count: 29).method == "Clopper-Pearson 95 %")
        #expect(try Proportion.estimate(successes: 3, count: 30, confidence: 0.9).method == "Wilson 90 %")
    }

    @Test func thresholdsIncludeTheirOwnScore() throws {
        let point = try OperatingPoint(threshold: 0.5, scores: [0.5, 0.4], positives: [true, false])
        #expect(point.sensitivity.value == 1 && point.specificity.value == 1)
        let none = try OperatingPoint(threshold: 2, scores: [0.5, 0.4], positives: [true, false])
        #expect(none.positivePredictiveValue == nil && none.negativePredictiveValue?.value == 0.5)
    }

    @Test func theMeanOfFewFiguresHasStudentsInterval() throws {
        // scipy.stats.t.interval(0.95, 4, loc=mean, scale=standard error)
        let five = try Estimate.mean(of: [0.91, 0.93, 0.90, 0.94, 0.92])
        #expect(abs(five.value - 0.92) < 1e-12 && five.count == 5)
        #expect(abs(five.lower - 0.900_367_568_385_224_6) < 1e-12 && abs(five.upper - 0.939_632_431_614_775_1) < 1e-12)
        let two = try Estimate.mean(of: [0.4, 0.6], confidence: 0.9)
        #expect(abs(two.lower + 0.131_375_151_467_504_56) < 1e-10 && two.method == "Student's t over 2 values 90 %")
        #expect(throws: StatisticsError.self) { try Estimate.mean(of: [0.5]) }
        #expect(throws: StatisticsError.self) { try Estimate.mean(of: [0.5, .nan]) }
    }

    @Test func aThresholdMidwayDecidesTheSame() throws {
        let (scores, positives) = ([0.2, 0.9, 0.4, 0.7, 0.4], [false, true, false, true, true])
        let threshold = try ThresholdRule.sensitivity(atLeast: 0.6).threshold(scores: scores, positives: positives)
        let midway = ThresholdRule.midway(below: threshold, scores: scores)
        #expect(threshold == 0.7 && abs(midway - 0.55) < 1e-12)
        #expect(scores.map { $0 >= midway } == scores.map { $0 >= threshold })
        #expect(ThresholdRule.midway(below: 0.2, scores: scores) == 0.2, "nothing is smaller")
        #expect(ThresholdRule.midway(below: 0.7, scores: [Double(0.7).nextDown, 0.7]) == 0.7, "nothing is between")
    }
}
