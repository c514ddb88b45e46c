import CutisTensor
import CutisTraining
import Foundation
import Testing

@Suite("Steps of the optimisers, clipping, averages and schedules")
struct OptimisationStepTests {
    let fixture: OptimisationFixture

    init() throws {
        fixture = try OptimisationFixture.load()
    }

    private func tensors(_ values: [[Float]]) throws -> [Tensor] {
        try zip(values, fixture.optimisers.shapes).map { try Tensor($0, shape: $1) }
    }

    private func optimiser(
        _ row: OptimisationFixture.OptimiserCase, _ parameters: [Tensor]
    ) throws -> any Optimiser {
        let groups = row.groups.map {
            ParameterGroup(indices: $0.indices, rateScale: $0.rateScale, weightDecay: $0.weightDecay)
        }
        guard row.kind == "AdamW" else {
            return try SGD(
                parameters, groups: groups, constants: .init(momentum: row.momentum, nesterov: row.nesterov))
        }
        return try AdamW(
            parameters, groups: groups,
            constants: .init(beta1: row.betas[0], beta2: row.betas[1], epsilon: row.epsilon))
    }

    private static func clipping(_ kind: String, _ maximum: Double) -> GradientClipping {
        kind == "norm" ? .norm(maximum) : .value(maximum)
    }

    private func step(
        _ optimiser: any Optimiser, _ row: OptimisationFixture.OptimiserCase, _ number: Int
    ) throws {
        let gradients = try tensors(fixture.optimisers.gradients[number])
        if let clip = row.clip { _ = try Self.clipping(clip.kind, clip.maximum).apply(gradients) }
        try optimiser.step(gradients: gradients, rate: fixture.optimisers.rates[number])
    }

    @Test func tenStepsOfEachOptimiser() throws {
        for row in fixture.optimisers.cases {
            let parameters = try tensors(fixture.optimisers.start).map { try $0.settingRequiresGrad(true) }
            let optimiser = try optimiser(row, parameters)
            var worst = 0.0
            for (number, expected) in row.path.enumerated() {
                try step(optimiser, row, number)
                for (parameter, values) in zip(parameters, expected) {
                    worst = larger(worst, relativeError(try parameter.detach().doubles(), values))
                }
            }
            expectError(worst, row.name)
            #expect(row.path.count == 10)
        }
    }

    @Test func copiedStateGoesOnBitForBit() throws {
        for row in fixture.optimisers.cases {
            let parameters = try tensors(fixture.optimisers.start).map { try $0.settingRequiresGrad(true) }
            let first = try optimiser(row, parameters)
            for number in 0..<4 { try step(first, row, number) }
            let copies = try parameters.map { try $0.detach().clone().settingRequiresGrad(true) }
            let second = try optimiser(row, copies)
            #expect(second.state.map(\.name) == first.state.map(\.name))
            #expect(Set(first.state.map(\.name)).count == first.state.count)
            for (target, source) in zip(second.state, first.state) {
                try target.tensor.copyInPlace(from: source.tensor)
            }
            for number in 4..<10 {
                try step(first, row, number)
                try step(second, row, number)
            }
            for (one, other) in zip(parameters, copies) {
                #expect(try one.detach().floats() == other.detach().floats(), "\(row.name)")
            }
        }
    }

    @Test func wrongGroupsAndGradientsAreRefused() throws {
        let parameters = try tensors(fixture.optimisers.start)
        for indices in [[0, 1], [0, 1, 1], [0, 1, 3], [0, 1, 2, 2]] {
            #expect(throws: TensorError.self) { try AdamW(parameters, groups: [ParameterGroup(indices: indices)]) }
            #expect(throws: TensorError.self) { try SGD(parameters, groups: [ParameterGroup(indices: indices)]) }
        }
        let whole = [ParameterGroup(indices: [0, 1, 2])]
        #expect(throws: TensorError.self) {
            try SGD(parameters, groups: whole, constants: .init(momentum: 0, nesterov: true))
        }
        let optimiser = try SGD(parameters, groups: whole)
        #expect(throws: TensorError.self) { try optimiser.step(gradients: [parameters[0]], rate: 1) }
        #expect(throws: TensorError.self) { try optimiser.step(gradients: parameters.reversed(), rate: 1) }
        let turned = try Tensor.zeros([3, 4]).transpose(0, 1)
        #expect(throws: TensorError.self) { try AdamW([turned], groups: [ParameterGroup(indices: [0])]) }
    }

    @Test func clipping() throws {
        for row in fixture.clipping {
            let gradients = try tensors(row.gradients)
            let norm = try Self.clipping(row.kind, row.maximum).apply(gradients)
            expectError(abs(norm - row.norm) / row.norm, "\(row.kind) \(row.maximum), norm before")
            for (gradient, expected) in zip(gradients, row.clipped) {
                expectError(relativeError(try gradient.doubles(), expected), "\(row.kind) \(row.maximum)")
            }
        }
    }

    @Test(arguments: [GradientClipping.none, .norm(1), .value(1)])
    func aNormThatIsNotFiniteIsReported(_ clipping: GradientClipping) throws {
        for bad in [Float.nan, .infinity] {
            let gradients = [try Tensor([3, bad]), try Tensor([5] as [Float])]
            #expect(try !clipping.apply(gradients).isFinite)
            #expect(try gradients[1].item() == 5)
        }
    }

    @Test func averages() throws {
        for row in fixture.averages.cases {
            let warmUp: WeightAverage.WarmUp =
                row.kind == "none" ? .none : .power(inverse: row.inverse, power: row.power)
            let start = row.first == 0 ? fixture.averages.start : fixture.averages.weights[row.first - 1]
            let average = WeightAverage([try Tensor(start)], decay: row.decay, warmUp: warmUp)
            var worst = 0.0
            for number in row.first..<row.path.count {
                try average.update(from: [Tensor(fixture.averages.weights[number])])
                worst = larger(worst, relativeError(try average.averages[0].doubles(), row.path[number]))
            }
            expectError(worst, row.name)
        }
    }

    @Test func theRatioForgetsTheStartQuickly() throws {
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

    @Test func schedules() {
        for row in fixture.schedules {
            let shape: LearningRateSchedule.Shape =
                switch row.kind {
                case "cosine": .cosine(steps: row.length, finalShare: row.finalShare)
                case "step": .step(size: row.size, factor: row.factor)
                default: .constant
                }
            let schedule = LearningRateSchedule(
                peak: row.peak, warmUp: .init(steps: row.warmUp, startShare: row.startShare), shape: shape)
            var worst = 0.0
            for (step, rate) in row.rates.enumerated() {
                // Where the cosine has come down to nothing, what is left of PyTorch's sum is its rounding.
                worst = larger(worst, abs(schedule.rate(at: step) - rate) / max(rate, 1e-9 * row.peak))
            }
            expectError(worst, "schedule \(row.name)")
        }
    }

    @Test func theWarmUpOfOpenCLIPAndTheEnd() {
        let schedule = LearningRateSchedule(peak: 2e-3, warmUp: 7, total: 40)
        #expect(abs(schedule.rate(at: 0) - 2e-3 / 7) < 1e-15 && schedule.rate(at: 6) == 2e-3)
        #expect(schedule.rate(at: 7) == 2e-3 && schedule.rate(at: 40) < 1e-15)
        #expect(schedule.rate(at: 45) == schedule.rate(at: 40))
        let floor = LearningRateSchedule(peak: 1, warmUp: 0, total: 10, finalShare: 0.1)
        #expect(floor.rate(at: 0) == 1 && abs(floor.rate(at: 10) - 0.1) < 1e-12)
    }

    @Test func stagesOneAfterTheOther() {
        let first = LearningRateSchedule(peak: 1, warmUp: 2, total: 10)
        let second = LearningRateSchedule(peak: 0.5, shape: .step(size: 2, factor: 0.1))
        let sequence = ScheduleSequence([.init(steps: 10, schedule: first), .init(steps: 3, schedule: second)])
        for step in 0..<10 { #expect(sequence.rate(at: step) == first.rate(at: step)) }
        for step in 10..<20 { #expect(sequence.rate(at: step) == second.rate(at: step - 10)) }
    }
}
