import CutisStatistics
import Testing

@Suite("Values of scikit-learn and SciPy")
struct ReferenceTests {
    let reference: Reference

    init() throws {
        reference = try Reference.load()
    }

    @Test func areasUnderTheCurveWithDeLongIntervals() throws {
        for row in reference.binary {
            let estimate = try ROC.auroc(scores: row.scores, positives: row.positives)
            #expect(isClose(estimate.value, row.auroc), "\(row.name)")
            #expect(isClose(estimate.lower, row.lower), "\(row.name)")
            #expect(isClose(estimate.upper, row.upper), "\(row.name)")
            #expect(estimate.count == row.scores.count)
            #expect(try isClose(ROC.area(scores: row.scores, positives: row.positives), row.auroc))
        }
    }

    @Test func pairedComparisonsOfTwoScores() throws {
        for row in reference.binary {
            let (difference, pValue) = try ROC.compare(
                first: row.scores, second: row.other, positives: row.positives)
            #expect(isClose(difference.value, row.difference), "\(row.name)")
            #expect(isClose(pValue, row.differenceP, within: 1e-10), "\(row.name)")
        }
    }

    @Test func curvesHaveTheReferencePoints() throws {
        for row in reference.binary {
            let curve = try ROC.curve(scores: row.scores, positives: row.positives)
            #expect(curve.count == row.falsePositiveRates.count)
            for (index, point) in curve.enumerated() {
                #expect(isClose(point.falsePositiveRate, row.falsePositiveRates[index]))
                #expect(isClose(point.truePositiveRate, row.truePositiveRates[index]))
            }
        }
    }

    @Test func averagePrecisionBrierAndYouden() throws {
        for row in reference.binary {
            let precision = try PrecisionRecall.averagePrecision(
                scores: row.scores, positives: row.positives, replicates: 100)
            #expect(isClose(precision.value, row.averagePrecision), "\(row.name)")
            let brier = try Calibration.brier(scores: row.scores, positives: row.positives, replicates: 100)
            #expect(isClose(brier.value, row.brier), "\(row.name)")
            let youden = try ThresholdRule.youden.threshold(scores: row.scores, positives: row.positives)
            #expect(youden == row.youden, "\(row.name)")
        }
    }

    @Test func confusionAndWhatFollowsFromIt() throws {
        let row = reference.multiClass
        let matrix = try ConfusionMatrix(probabilities: row.probabilities, labels: row.labels)
        #expect(matrix.counts == row.confusion)
        #expect(try isClose(matrix.accuracy().value, row.accuracy))
        #expect(try isClose(matrix.balancedAccuracy(replicates: 100).value, row.balancedAccuracy))
        for label in row.recalls.indices {
            #expect(try isClose(matrix.recall(label).value, row.recalls[label]))
            #expect(try isClose(matrix.precision(label).value, row.precisions[label]))
        }
    }

    @Test func macroAreaAndCalibration() throws {
        let row = reference.multiClass
        let macro = try ROC.macroAUROC(probabilities: row.probabilities, labels: row.labels, replicates: 200)
        #expect(isClose(macro.value, row.macroAuroc))
        #expect(macro.lower < macro.value && macro.value < macro.upper)
        let brier = try Calibration.brier(probabilities: row.probabilities, labels: row.labels, replicates: 100)
        #expect(isClose(brier.value, row.brier))
        let loss = try Calibration.logLoss(probabilities: row.probabilities, labels: row.labels, replicates: 100)
        #expect(isClose(loss.value, row.logLoss))
        let error = try Calibration.expectedError(
            probabilities: row.probabilities, labels: row.labels, replicates: 100)
        #expect(isClose(error.value, row.expectedCalibrationError))
    }

    @Test func temperatureIsTheMinimumOfTheLoss() throws {
        let row = reference.multiClass
        let scaling = try TemperatureScaling(fitting: row.logits, labels: row.labels)
        #expect(isClose(scaling.temperature, row.temperature, within: 1e-6))
        let same = try TemperatureScaling(temperature: 1)
        for (logits, expected) in zip(row.logits, row.probabilities) {
            #expect(zip(same.probabilities(logits), expected).allSatisfy { isClose($0, $1) })
        }
    }

    @Test func proportions() throws {
        for row in reference.proportions {
            let (successes, count) = (Int(row[0]), Int(row[1]))
            let wilson = try Proportion.wilson(successes: successes, count: count, confidence: row[2])
            #expect(isClose(wilson.lower, row[3]) && isClose(wilson.upper, row[4]), "\(row)")
            let exact = try Proportion.clopperPearson(successes: successes, count: count, confidence: row[2])
            #expect(isClose(exact.lower, row[5], within: 1e-10), "\(row)")
            #expect(isClose(exact.upper, row[6], within: 1e-10), "\(row)")
        }
    }

    @Test func distributionFunctions() {
        for row in reference.normalQuantiles {
            #expect(isClose(Distributions.normalQuantile(row[0]), row[1], within: 1e-11), "\(row)")
        }
        for row in reference.incompleteBeta {
            #expect(isClose(Distributions.incompleteBeta(row[0], row[1], row[2]), row[3], within: 1e-11), "\(row)")
        }
    }
}
