import CutisCore
import CutisTensor
import CutisTraining
import Testing

@Suite("Losses and their gradients")
struct OptimisationTests {
    let fixture: OptimisationFixture

    init() throws {
        fixture = try OptimisationFixture.load()
    }

    static func loss(
        _ row: OptimisationFixture.ObjectiveCase, _ logits: Tensor, rows: Range<Int>
    ) throws -> Tensor {
        let objective = Objective(
            classWeights: row.weights, labelSmoothing: row.smoothing, focalClass: row.focalClass,
            focalWeight: row.focalWeight, focalGamma: row.gamma)
        let partners = try Tensor(Array(row.labels.reversed()[rows]))
        let targets = Objective.Targets(
            labels: try Tensor(Array(row.labels[rows])),
            mixture: row.share < 1 ? (partners: partners, share: row.share) : nil,
            weightSum: objective.weightSum(row.labels), count: row.labels.count)
        return try objective(logits, targets)
    }

    static func loss(
        _ row: OptimisationFixture.MultiLabelCase, _ logits: Tensor, rows: Range<Int>
    ) throws -> Tensor {
        let objective = MultiLabelObjective(
            positiveWeights: row.weights, focalGamma: row.gamma, focalAlpha: row.alpha)
        let targets = try Tensor(row.targets[rows].flatMap(\.self), shape: [rows.count, row.weights.count])
        return try objective(logits, targets, count: row.targets.count)
    }

    /// Loss and gradient of all rows, and of parts of 5 and 7 that are added up.
    static func check(
        _ name: String, logits values: [[Float]], loss expected: Double, gradient reference: [[Double]],
        _ loss: (Tensor, Range<Int>) throws -> Tensor
    ) throws {
        let count = values.count
        for parts in [[0..<count], [0..<5, 5..<count]] {
            var accumulator = GradientAccumulator()
            var gradient: [Double] = []
            for rows in parts {
                let logits = try Tensor(values[rows].flatMap(\.self), shape: [rows.count, values[0].count])
                    .settingRequiresGrad(true)
                let part = try loss(logits, rows)
                let found = try Tensor.gradients(of: part, withRespectTo: [logits])
                gradient += try found[0].doubles()
                try accumulator.add(loss: part.item(), gradients: [])
            }
            let total = accumulator.take().loss
            expectError(abs(total - expected) / abs(expected), "\(name), loss of \(parts.count) part(s)")
            expectError(relativeError(gradient, reference.flatMap(\.self)), "\(name), gradient, \(parts.count) part(s)")
        }
    }

    @Test func objectivesAndTheirGradients() throws {
        for row in fixture.objectives {
            try Self.check(row.name, logits: row.logits, loss: row.loss, gradient: row.gradient) {
                try Self.loss(row, $0, rows: $1)
            }
        }
    }

    @Test func multiLabelObjectivesAndTheirGradients() throws {
        for row in fixture.multiLabel {
            try Self.check("labels: \(row.name)", logits: row.logits, loss: row.loss, gradient: row.gradient) {
                try Self.loss(row, $0, rows: $1)
            }
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
        let labels = MultiLabelObjective(positiveWeights: [1, 1, 1], focalGamma: 2)
        let other = try labels(logits, Tensor([0, 1, 1, 1, 0, 0] as [Float], shape: [2, 3]), count: 2)
        #expect(try other.item().isFinite)
        #expect(try Tensor.gradients(of: other, withRespectTo: [logits])[0].allFinite())
    }

    @Test func partsOfGradientsAddUp() throws {
        var accumulator = GradientAccumulator()
        try accumulator.add(loss: 0.5, gradients: [Tensor([1, 2] as [Float]), Tensor([3] as [Float])])
        try accumulator.add(loss: 0.25, gradients: [Tensor([10, 20] as [Float]), Tensor([30] as [Float])])
        let (loss, gradients) = accumulator.take()
        #expect(loss == 0.75)
        #expect(try gradients.map { try $0.doubles() } == [[11, 22], [33]])
        #expect(accumulator.take().gradients.isEmpty)
    }

    @Test func weightsOfClasses() {
        let counts = [10, 40, 50]
        let full = ClassWeights.softened(counts: counts, power: 1)
        #expect(zip(full, [10.0 / 3, 10.0 / 12, 2.0 / 3]).allSatisfy { abs($0 - $1) < 1e-12 })
        #expect(ClassWeights.softened(counts: counts, power: 0) == [1, 1, 1])
        #expect(ClassWeights.positive(counts: [20, 0, 100, 50], cases: 100, power: 1) == [4, 1, 1, 1])
        #expect(ClassWeights.positive(counts: [20], cases: 100, power: 0.5) == [2])
    }

    @Test func configurationsOfTheLoss() throws {
        let labels = LabelSet(["a", "b", "mel"].map { DiagnosisLabel(id: $0, label: $0) })
        var configuration = LossConfiguration(
            weighting: .balanced(power: 1), labelSmoothing: 0.1, focal: .init(label: "mel"))
        let objective = try configuration.objective(labels: labels, counts: [10, 40, 50])
        #expect(objective.focalClass == 2 && objective.focalWeight == 0.3 && objective.focalGamma == 2)
        #expect(abs(objective.classWeights[0] - 10.0 / 3) < 1e-12 && objective.labelSmoothing == 0.1)
        configuration.focal?.label = "melanom"
        #expect(throws: CutisError.self) { try configuration.objective(labels: labels, counts: [1, 1, 1]) }
        configuration = LossConfiguration(weighting: .given([1, 2]))
        #expect(throws: CutisError.self) { try configuration.objective(labels: labels, counts: [1, 1, 1]) }
        configuration = LossConfiguration(weighting: .balanced(power: 1), focalGamma: 0.5)
        #expect(throws: CutisError.self) {
            try configuration.multiLabelObjective(labels: labels, positives: [1, 2, 3], cases: 4)
        }
        configuration.focalGamma = 2
        let multiLabel = try configuration.multiLabelObjective(labels: labels, positives: [1, 2, 4], cases: 4)
        #expect(multiLabel.positiveWeights == [3, 1, 1] && multiLabel.focalGamma == 2)
    }
}
