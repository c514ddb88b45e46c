import CutisTraining
import Testing

@Suite("Stages of a training")
struct OptimisationStageTests {
    @Test func stagesRestartTheCosineAndChangeTheMixing() {
        var configuration = TrainingConfiguration()
        configuration.schedule.peakRate = 1
        configuration.schedule.warmUpEpochs = 1
        configuration.loss.labelSmoothing = 0.05
        configuration.loss.classWeights = .power(0.7)
        configuration.mixing = BatchMixing(probability: 0.3)
        configuration.schedule.stages = [
            .init(epochs: 3, imageSize: 32), .init(epochs: 2, imageSize: 48),
            .init(epochs: 2, imageSize: 48, restartRate: 0.5, mixing: BatchMixing(probability: 0)),
            .init(epochs: 2, imageSize: 64, labelSmoothing: 0, classWeightPower: 0.9),
        ]
        let first = LearningRateSchedule(peak: 1, warmUp: 10, total: 50)
        let second = LearningRateSchedule(peak: 0.5, warmUp: 0, total: 40)
        for epoch in 0..<9 {
            for step in 0..<10 {
                let expected =
                    epoch < 5 ? first.rate(at: epoch * 10 + step) : second.rate(at: (epoch - 5) * 10 + step)
                #expect(configuration.schedule.rate(epoch: epoch, step: step, stepsPerEpoch: 10) == expected)
            }
            #expect(configuration.mixing(inEpoch: epoch).probability == (epoch < 5 ? 0.3 : 0))
            #expect(configuration.loss(inEpoch: epoch).labelSmoothing == (epoch < 7 ? 0.05 : 0))
            #expect(configuration.loss(inEpoch: epoch).weighting == .balanced(power: epoch < 7 ? 0.7 : 0.9))
        }
        #expect(configuration.schedule.epochs == 9)
    }
}
