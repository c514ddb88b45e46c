import CutisCore
import Testing

@Suite struct RiskCalibrationTests {
    @Test func everyImageFallsIntoOneBin() throws {
        // 400 images in an order of no meaning; every fourth score comes four times.
        let scores = (0..<400).map { Double(($0 * 37 % 400) / 4) / 100 }
        let positives = scores.map { $0 > 0.7 }
        let calibration = RiskCalibration(class: "mel", scores: scores, positives: positives)
        #expect(calibration.bins.map(\.count).reduce(0, +) == 400)
        #expect(calibration.bins.map(\.positives).reduce(0, +) == positives.filter { $0 }.count)
        #expect(calibration.bins.allSatisfy { $0.count >= 25 })
        #expect(calibration.bins[0].count == 76 && calibration.bins.last.map { $0.count < 60 } == true)
        #expect(calibration.bins.first?.lower == 0)
        #expect(calibration.bins.last?.upper == 1)
        for (left, right) in zip(calibration.bins, calibration.bins.dropFirst()) { #expect(left.upper == right.lower) }
        for bin in calibration.bins {
            let held = zip(scores, positives).filter { bin.holds($0.0) }
            #expect(held.count == bin.count)
            #expect(held.filter(\.1).count == bin.positives)
        }
    }

    @Test func equalScoresAreNotParted() {
        let calibration = RiskCalibration(
            class: "mel", scores: Array(repeating: 0.5, count: 300), positives: Array(repeating: true, count: 300))
        #expect(calibration.bins.map(\.count) == [300])
    }

    @Test func fewImagesMakeOneBin() {
        let few = RiskCalibration(class: "mel", scores: [0.9, 0.1], positives: [true, false])
        #expect(few.bins == [RiskCalibration.Bin(lower: 0, upper: 1, count: 2, positives: 1)])
        let none = RiskCalibration(class: "mel", scores: [], positives: [])
        #expect(none.bins.map(\.count) == [0])
    }
}
