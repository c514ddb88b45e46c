import CutisTensor
import CutisTraining
import Testing

@Suite("Losses, gradients and steps of PyTorch")
struct OptimisationTests {
    let fixture: TrainingFixture

    init() throws {
        fixture = try TrainingFixture.load()
    }

    static func objective(_ row: TrainingFixture.ObjectiveCase) -> Objective {
        Objective(
            classWeights: row.weights, labelSmoothing: row.smoothing, focalClass: row.focalClass,
            focalWeight: row.focalWeight, focalGamma: row.gamma)
    }

    static func loss(_ row: TrainingFixture.ObjectiveCase, _ logits: Tensor, rows: Range<Int>) throws -> Tensor {
        let partners = try Tensor(Array(row.labels.reversed()[rows]))
        let targets = Objective.Targets(
            labels: try Tensor(Array(row.labels[rows])),
            mixture: row.share < 1 ? (partners: partners, share: row.share) : nil,
            weightSum: row.labels.reduce(0) { $0 + row.weights[$1] }, count: row.labels.count)
        return try objective(row)(logits, targets)
    }

    @Test func objectivesAndTheirGradients() throws {
        for row in fixture.objectives {
            let shape = [row.logits.count, row.logits[0].count]
            let logits = try Tensor(row.logits.flatMap(\.self), shape: shape).settingRequiresGrad(true)
            let loss = try Self.loss(row, logits, rows: 0..<shape[0])
            #expect(try abs(loss.item() - row.loss) < 1e-5 * abs(row.loss), "\(row.name)")
            let gradient = try Tensor.gradients(of: loss, withRespectTo: [logits])[0].doubles()
            let expected = row.gradient.flatMap(\.self)
            let scale = expected.map(abs).max() ?? 1
            let worst = zip(gradient, expected).map { abs($0 - $1) }.max() ?? .infinity
            #expect(worst < 1e-5 * scale, "\(row.name): \(worst / scale)")
        }
    }

    @Test func partsOfABatchAddUpToTheBatch() throws {
        for row in fixture.objectives where row.logits.count == 12 {
            var sum = 0.0
            for rows in [0..<6, 6..<12] {
                let logits = try Tensor(row.logits[rows].flatMap(\.self), shape: [6, row.logits[0].count])
                sum += try Self.loss(row, logits, rows: rows).item()
            }
            #expect(abs(sum - row.loss) < 1e-5 * abs(row.loss), "\(row.name)")
        }
    }

    @Test func theFocalTermStaysFiniteWhereAProbabilityIsOne() throws {
        let objective = Objective(classWeights: [1, 1, 1], focalClass: 1)
        let values: [Float] = [-200, 200, -200, 200, -200, 100]
        let logits = try Tensor(values, shape: [2, 3]).settingRequiresGrad(true)
        let targets = Objective.Targets(labels: try Tensor([1, 0]), weightSum: 2, count: 2)
        let loss = try objective(logits, targets)
        #expect(try loss.item().isFinite)
        #expect(try Tensor.gradients(of: loss, withRespectTo: [logits])[0].allFinite())
    }

    @Test func adamWWithClippedGradients() throws {
        let row = fixture.adamw
        let parameters = [
            try Tensor(row.start[0], shape: [3, 4]).settingRequiresGrad(true),
            try Tensor(row.start[1], shape: [5]).settingRequiresGrad(true),
        ]
        let optimiser = try AdamW(parameters, weightDecay: row.decay)
        for (gradients, expected) in zip(row.gradients, row.path) {
            let tensors = [try Tensor(gradients[0], shape: [3, 4]), try Tensor(gradients[1], shape: [5])]
            _ = try TensorList.clipNorm(tensors, maximum: row.clip)
            try optimiser.step(gradients: tensors, rate: row.rate)
            for (parameter, values) in zip(parameters, expected) {
                for (own, reference) in zip(try parameter.detach().doubles(), values) {
                    #expect(abs(own - reference) < 1e-5 * max(abs(reference), 0.1))
                }
            }
        }
    }

    @Test func scheduleOfWarmUpAndCosine() {
        let row = fixture.schedule
        let schedule = LearningRateSchedule(peak: row.peak, warmUp: row.warmUp, total: row.total)
        for (step, rate) in row.rates.enumerated() {
            #expect(abs(schedule.rate(at: step) - rate) < 1e-12, "step \(step)")
        }
        #expect(schedule.rate(at: row.total + 5) == schedule.rate(at: row.total))
        let floor = LearningRateSchedule(peak: 1, warmUp: 0, total: 10, finalShare: 0.1)
        #expect(floor.rate(at: 0) == 1 && abs(floor.rate(at: 10) - 0.1) < 1e-12)
    }

    @Test func stagesRestartTheCosineAndChangeTheMixing() {
        var configuration = DefaultModelConfiguration()
        configuration.peakRate = 1
        configuration.warmUpEpochs = 1
        configuration.mixing = BatchMixing(probability: 0.3)
        configuration.stages = [
            .init(epochs: 3, side: 32), .init(epochs: 2, side: 48),
            .init(epochs: 2, side: 48, restartRate: 0.5, mixing: BatchMixing(probability: 0)),
            .init(epochs: 2, side: 64, labelSmoothing: 0, classWeightPower: 0.9),
        ]
        let first = LearningRateSchedule(peak: 1, warmUp: 10, total: 50)
        let second = LearningRateSchedule(peak: 0.5, warmUp: 0, total: 40)
        for epoch in 0..<9 {
            for step in 0..<10 {
                let expected =
                    epoch < 5 ? first.rate(at: epoch * 10 + step) : second.rate(at: (epoch - 5) * 10 + step)
                #expect(configuration.rate(epoch: epoch, step: step, stepsPerEpoch: 10) == expected)
            }
            #expect(configuration.mixing(inEpoch: epoch).probability == (epoch < 5 ? 0.3 : 0))
            #expect(configuration.labelSmoothing(inEpoch: epoch) == (epoch < 7 ? 0.05 : 0))
            #expect(configuration.classWeightPower(inEpoch: epoch) == (epoch < 7 ? 0.7 : 0.9))
        }
        #expect(configuration.epochs == 9)
    }

    @Test func averageForgetsItsStartQuickly() throws {
        let average = WeightAverage([try Tensor([0] as [Float])], decay: 0.5)
        let weights = [try Tensor([1] as [Float])]
        var expected = 0.0
        for step in 0..<10 {
            try average.update(from: weights)
            let decay = min(0.5, Double(1 + step) / Double(10 + step))
            expected = decay * expected + (1 - decay)
            #expect(try abs(average.averages[0].item() - expected) < 1e-6)
        }
        #expect(average.updates == 10)
    }

    @Test func softenedClassWeights() {
        let counts = [10, 40, 50]
        let full = ClassWeights.softened(counts: counts, power: 1)
        #expect(zip(full, [10.0 / 3, 10.0 / 12, 2.0 / 3]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(ClassWeights.softened(counts: counts, power: 0) == [1, 1, 1])
    }
}
