import CutisCore
import CutisModels
import CutisStatistics
import CutisTensor
import CutisTraining
import Foundation
import Testing

/// What Tools/fixtures/mil_training.py wrote.
private struct MILFixture: Decodable {
    let cases: Int
    let images: Int
    let width: Int
    let rate: Double
    let decay: Double
    let trainings: [Training]

    struct Training: Decodable {
        let name: String
        let labels: Int
        let bag: [Float]
        let mask: [Float]
        let targets: [Float]
        let positiveWeights: [Double]
        let gamma: Double
        let alpha: Double?
        let start: [String: [Float]]
        let losses: [Double]
        let gradients: [String: [Double]]

        enum CodingKeys: String, CodingKey {
            case name, labels, bag, mask, targets, gamma, alpha, start, losses, gradients
            case positiveWeights = "positive_weights"
        }
    }

    static func load() throws -> MILFixture {
        let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/mil_training.json")
        return try JSONDecoder().decode(MILFixture.self, from: Data(contentsOf: url))
    }
}

@Suite struct MILTrainingTests {
    /// Loss and gradients of the first step, and the losses of three AdamW steps, against PyTorch.
    @Test func agreesWithPyTorch() throws {
        let fixture = try MILFixture.load()
        for entry in fixture.trainings {
            let reader = WeightReader.initialising(generator: try Generator(seed: 1))
            let model = try GatedAttentionMIL(
                GatedAttentionMILConfig(
                    inputWidth: fixture.width, classCount: entry.labels, hiddenWidth: 8, attentionWidth: 4,
                    sharedWidth: 6, dropout: 0), reader)
            #expect(Set(reader.parameters.map(\.name)) == Set(entry.start.keys))
            for parameter in reader.parameters {
                let values = try #require(entry.start[parameter.name])
                try withoutGrad {
                    try parameter.tensor.copyInPlace(from: Tensor(values, shape: parameter.tensor.shape))
                }
            }
            let bag = try Tensor(entry.bag, shape: [fixture.cases, fixture.images, fixture.width])
            let mask = try Tensor(entry.mask, shape: [fixture.cases, fixture.images])
            let targets = try Tensor(entry.targets, shape: [fixture.cases, entry.labels])
            let objective = MultiLabelObjective(
                positiveWeights: entry.positiveWeights, focalGamma: entry.gamma, focalAlpha: entry.alpha)
            let parameters = reader.parameters.map(\.tensor)
            let matrices = parameters.indices.filter { parameters[$0].rank > 1 }
            let optimiser = try AdamW(
                parameters,
                groups: [
                    ParameterGroup(indices: matrices, weightDecay: fixture.decay),
                    ParameterGroup(indices: parameters.indices.filter { parameters[$0].rank <= 1 }),
                ])
            var (worstLoss, worstGradient) = (0.0, 0.0)
            for (step, expected) in entry.losses.enumerated() {
                let loss = try objective(model(bag: bag, mask: mask).logits, targets, count: fixture.cases)
                let gradients = try Tensor.gradients(of: loss, withRespectTo: parameters)
                worstLoss = max(worstLoss, abs(try loss.item() - expected) / expected)
                if step == 0 {
                    // Relative to the largest gradient of all: that of the score's bias is 0 but for rounding.
                    let largest = entry.gradients.values.flatMap { $0.map(abs) }.max() ?? 0
                    for (parameter, gradient) in zip(reader.parameters, gradients) {
                        let reference = try #require(entry.gradients[parameter.name])
                        for (own, other) in zip(try gradient.doubles(), reference) {
                            worstGradient = max(worstGradient, abs(own - other) / largest)
                        }
                    }
                }
                try optimiser.step(gradients: gradients, rate: fixture.rate)
            }
            print("MIL, \(entry.name): losses \(worstLoss), gradients \(worstGradient)")
            #expect(worstLoss < 1e-5, "\(entry.name)")
            #expect(worstGradient < 1e-5, "\(entry.name)")
        }
    }

    /// Bags of 1 to 3 images; label l is there where any image has feature l high, and is rarer for higher l.
    private func cases(_ count: Int, labels: Int, seed: UInt64) throws -> MILCases {
        var generator = SeededGenerator(seed: seed)
        var rows: [Float] = []
        var images: [[Int]] = []
        var targets: [[Bool]] = []
        for _ in 0..<count {
            let size = 1 + generator.index(below: 3)
            let answers = (0..<labels).map { label in generator.uniform() < 0.5 / Double(1 + label) }
            let carriers = answers.map { _ in generator.index(below: size) }
            images.append((0..<size).map { images.reduce(0) { $0 + $1.count } + $0 })
            for image in 0..<size {
                rows += (0..<labels + 4).map { feature in
                    let isHigh = feature < labels && answers[feature] && carriers[feature] == image
                    return Float((isHigh ? 5 : 0) + generator.uniform(-1...1))
                }
            }
            targets.append(answers)
        }
        let table = try EmbeddingTable(features: Tensor(rows, shape: [rows.count / (labels + 4), labels + 4]))
        return try MILCases(table, images: images, targets: targets)
    }

    private func labels(_ count: Int) -> LabelSet {
        LabelSet((0..<count).map { DiagnosisLabel(id: "l\($0)", label: "Label \($0)") })
    }

    private func configuration(_ loss: MILConfiguration.Loss) -> MILConfiguration {
        var configuration = MILConfiguration()
        configuration.hiddenWidth = 64
        configuration.attentionWidth = 16
        configuration.sharedWidth = 64
        configuration.learningRate = 3e-3
        configuration.epochs = 60
        configuration.patience = 12
        configuration.loss = loss
        return configuration
    }

    @Test(arguments: [
        (1, MILConfiguration.Loss.plain, MILConfiguration.Metric.auroc),
        (1, .weighted, .averagePrecision), (10, .weighted, .auroc), (10, .focal, .averagePrecision),
    ])
    func learnsWhatCanBeTold(
        _ count: Int, _ loss: MILConfiguration.Loss, _ metric: MILConfiguration.Metric
    ) throws {
        var configuration = configuration(loss)
        configuration.metric = metric
        configuration.threshold = count == 1 ? .sensitivity : .youden
        let trainer = try MILTrainer(
            training: cases(800, labels: count, seed: 1), validation: cases(300, labels: count, seed: 2),
            labels: labels(count), configuration: configuration)
        let trained = try trainer.run()
        let unseen = try cases(300, labels: count, seed: 3)
        let probabilities = try trained.probabilities(unseen)
        for label in 0..<count {
            let scores = try probabilities.select(dim: 1, index: label).doubles()
            let positives = unseen.targets.map { $0[label] }
            let area = try ROC.area(scores: scores, positives: positives)
            #expect(area >= 0.95, "label \(label): \(area)")
            let point = try OperatingPoint(
                threshold: trained.thresholds[label], scores: scores, positives: positives)
            #expect(point.sensitivity.value >= 0.8, "label \(label): \(point.sensitivity.value)")
        }
        #expect(trained.best.score == trained.history.map(\.score).max())

        // The file opens as a head of a screening bundle and answers the same.
        let folder = try TemporaryFolder()
        let read = try MILHeads.read(trained.write(to: folder.url))
        #expect(read.head.outputCount == count)
        let answer = try read.head(bag: unseen.bags, mask: unseen.mask)
        #expect(try answer.probabilities.floats() == probabilities.floats())
        let stored = try JSONDecoder().decode(
            [String: [String: Double]].self,
            from: Data(contentsOf: folder.url.appendingPathComponent("thresholds.json")))
        #expect(stored["thresholds"]?["l0"] == trained.thresholds[0])
    }

    /// Same seed, same bits; another seed, others.
    @Test func isReproducible() throws {
        func train(_ seed: UInt64) throws -> [Float] {
            var configuration = configuration(.weighted)
            configuration.epochs = 4
            configuration.seed = seed
            configuration.projectionRank = 3
            let (training, validation) = (try cases(80, labels: 2, seed: 1), try cases(60, labels: 2, seed: 2))
            let trained = try MILTrainer(
                training: training, validation: validation, labels: labels(2), configuration: configuration
            ).run()
            return try trained.probabilities(validation).floats()
        }
        let first = try train(5)
        #expect(try train(5) == first)
        #expect(try train(6) != first)
    }

    @Test func stopsEarlyAndKeepsTheBest() throws {
        var configuration = configuration(.plain)
        configuration.epochs = 200
        configuration.patience = 3
        let trained = try MILTrainer(
            training: cases(60, labels: 1, seed: 1), validation: cases(60, labels: 1, seed: 2), labels: labels(1),
            configuration: configuration
        ).run()
        #expect(trained.history.count < 200)
        #expect(trained.history.count == trained.best.number + 3)
    }

    /// Without a step, the first answers are the prevalence: the last bias is its log-odds.
    @Test func startsAtThePrevalence() throws {
        let training = try cases(400, labels: 1, seed: 1)
        let prevalence = Double(training.targets.count { $0[0] }) / Double(training.count)
        func firstLoss(_ starts: Bool) throws -> Double {
            var configuration = configuration(.plain)
            configuration.startsAtPrevalence = starts
            configuration.learningRate = 1e-9
            configuration.dropout = 0
            configuration.epochs = 1
            let folder = try TemporaryFolder()
            let trained = try MILTrainer(
                training: training, validation: cases(60, labels: 1, seed: 2), labels: labels(1),
                configuration: configuration
            ).run()
            try trained.write(to: folder.url)
            let head = try MILHeads.read(folder.url.appendingPathComponent("head.safetensors")).head
            let mean = try head(bag: training.bags, mask: training.mask).logits.map { try $0.mean().item() }
            return abs((mean ?? 99) - log(prevalence / (1 - prevalence)))
        }
        // The other weights add their own noise to the mean logit.
        #expect(try firstLoss(true) < 0.5)
    }

    @Test func badCasesAreRefused() throws {
        let table = try EmbeddingTable(features: Tensor.zeros([4, 3]))
        func refused(_ images: [[Int]], _ targets: [[Bool]]) -> String? {
            TrainingErrors.caught { _ = try MILCases(table, images: images, targets: targets) }?.message
        }
        #expect(refused([[0], []], [[true], [false]])?.contains("case 2 has 0 images") == true)
        #expect(refused([[0, 1, 2, 3]], [[true]])?.contains("4 images") == true)
        #expect(refused([[4]], [[true]])?.contains("without an embedding") == true)
        #expect(refused([[0], [1]], [[true]])?.contains("2 cases") == true)
        let good = try MILCases(table, images: [[0], [1, 2]], targets: [[true], [false]])
        #expect(try good.mask.bools() == [true, false, false, true, true, false])
        let single = try MILCases(table, images: [[0], [1, 2]], targets: [[false], [false]])
        let error = TrainingErrors.caught {
            _ = try MILTrainer(
                training: good, validation: single, labels: labels(1), configuration: MILConfiguration())
        }
        #expect(error?.message == "Of the 2 validation cases there is none with 'l0'.")
        let huge = try EmbeddingTable(features: Tensor.full([4, 64], 3e38))
        let cases = try MILCases(huge, images: [[0], [1, 2]], targets: [[true], [false]])
        let diverged = TrainingErrors.caught {
            _ = try MILTrainer(
                training: cases, validation: cases, labels: labels(1), configuration: MILConfiguration()
            ).run()
        }
        #expect(diverged?.code == .computeFailed)
    }

    @Test func theSectionKeepsDefaultsAndRefusesMisspeltKeys() throws {
        func read(_ text: String) throws -> MILConfiguration {
            try JSONDecoder().decode(MILConfiguration.self, from: Data(text.utf8))
        }
        let given = try read(#"{"loss": "focal", "focal_alpha": 0.5, "epochs": 7}"#)
        #expect(given.loss == .focal && given.focalAlpha == 0.5 && given.epochs == 7)
        #expect(given.batchSize == MILConfiguration().batchSize)
        let again = try JSONEncoder().encode(given)
        #expect(try JSONDecoder().decode(MILConfiguration.self, from: again) == given)
        #expect(TrainingErrors.caught { _ = try read(#"{"epoch": 7}"#) }?.message.contains("mil.epoch") == true)
        #expect(
            TrainingErrors.caught { _ = try read(#"{"batch_size": 0}"#) }?.message.contains("mil.batch_size") == true)
        #expect(TrainingErrors.caught { _ = try read(#"{"hidden_width": 0}"#) }?.code == .configInvalid)
    }
}
