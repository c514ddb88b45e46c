import CutisCore
import CutisModels
import CutisStatistics
import CutisTraining
import Foundation
import Testing

@Suite("The trainer from images to weights", .serialized)
struct TrainerTests {
    /// A network small enough for seconds.
    static var configuration: DefaultModelConfiguration {
        var configuration = DefaultModelConfiguration()
        configuration.architecture = ResNetConfig(blocks: [1, 1], bottleneck: false, stemWidth: 8, classCount: 7)
        configuration.stages = [.init(epochs: 3, side: 32), .init(epochs: 3, side: 40)]
        configuration.evaluationSides = [32, 40]
        configuration.batchSize = 12
        configuration.warmUpEpochs = 1
        configuration.averageDecay = 0.9
        configuration.peakRate = 1e-2
        return configuration
    }

    static func run(
        _ data: URL, _ output: URL, _ configuration: DefaultModelConfiguration = configuration
    ) throws -> DefaultModelTrainer.Outcome {
        try DefaultModelTrainer.run(configuration: configuration, dataFolder: data, output: output)
    }

    @Test func learnsColoursAndWritesEverything() throws {
        let data = try TemporaryFolder()
        let output = try TemporaryFolder()
        try SyntheticLesions.write(to: data.url, perClass: 24, side: 44)
        var lines: [String] = []
        let outcome = try DefaultModelTrainer.run(
            configuration: Self.configuration, dataFolder: data.url, output: output.url
        ) { lines.append($0.line) }
        #expect(lines.count >= 6 && lines.last?.contains("AUROC") == true)
        let metrics = try JSONDecoder().decode(ModelMetrics.self, from: Data(contentsOf: outcome.metrics))
        #expect(metrics.test.macroAUROC.value > 0.9, "\(metrics.test.macroAUROC)")
        #expect(metrics.test.macroAUROC.lower <= metrics.test.macroAUROC.value)
        #expect(metrics.temperature > 0 && (0...1).contains(metrics.melanomaThreshold))
        #expect(metrics.validation.melanoma.operatingPoint.sensitivity.value >= 0.8)
        let card = try String(contentsOf: outcome.card, encoding: .utf8)
        for text in ["HAM10000", "CC BY-NC 4.0", "Tschandl", "95 %", "not a medical device", "Limits"] {
            #expect(card.contains(text), "the card lacks '\(text)'")
        }
        let predictions = try String(
            contentsOf: output.url.appendingPathComponent("predictions.csv"), encoding: .utf8)
        #expect(predictions.hasPrefix("image,split,dx,akiec,bcc,bkl,df,mel,nv,vasc\n"))
        #expect(try Data(contentsOf: outcome.weights).count > 10_000)
    }

    @Test func theSameSeedGivesTheSameWeightsWhateverTheLoaderThreads() throws {
        let data = try TemporaryFolder()
        try SyntheticLesions.write(to: data.url, perClass: 20, side: 36)
        let first = try TemporaryFolder()
        let second = try TemporaryFolder()
        var other = Self.configuration
        other.loaderWorkers = 3
        let one = try Data(contentsOf: Self.run(data.url, first.url).weights)
        let two = try Data(contentsOf: Self.run(data.url, second.url, other).weights)
        #expect(one == two)
    }

    @Test func aStoppedTrainingGoesOnToTheSameWeights() throws {
        let data = try TemporaryFolder()
        try SyntheticLesions.write(to: data.url, perClass: 20, side: 36)
        let whole = try TemporaryFolder()
        let parts = try TemporaryFolder()
        let expected = try Data(contentsOf: Self.run(data.url, whole.url).weights)
        // A deadline in the past ends the run after its first epoch.
        _ = try? DefaultModelTrainer.run(
            configuration: Self.configuration, dataFolder: data.url, output: parts.url, deadline: .distantPast)
        let resumed = try Data(contentsOf: Self.run(data.url, parts.url).weights)
        #expect(resumed == expected)
    }

    @Test func anotherConfigurationDoesNotGoOnFromACheckpoint() throws {
        let data = try TemporaryFolder()
        try SyntheticLesions.write(to: data.url, perClass: 20, side: 36)
        let output = try TemporaryFolder()
        _ = try Self.run(data.url, output.url)
        var other = Self.configuration
        other.peakRate = 5e-3
        let error = #expect(throws: CutisError.self) { try Self.run(data.url, output.url, other) }
        #expect(error?.code == .checkpointMismatch)
    }

    @Test func aLossThatIsNotFiniteStopsWithTheBatch() throws {
        let data = try TemporaryFolder()
        try SyntheticLesions.write(to: data.url, perClass: 20, side: 36)
        let output = try TemporaryFolder()
        var wild = Self.configuration
        wild.peakRate = 1e30
        wild.warmUpEpochs = 0
        let error = #expect(throws: CutisError.self) { try Self.run(data.url, output.url, wild) }
        #expect(error?.code == .computeFailed)
        #expect(error?.message.contains("images SYN_") == true)
    }

    @Test func anInterruptStopsBetweenTwoStepsAndTheRunGoesOn() throws {
        let data = try TemporaryFolder()
        try SyntheticLesions.write(to: data.url, perClass: 20, side: 36)
        let whole = try TemporaryFolder()
        let parts = try TemporaryFolder()
        let expected = try Data(contentsOf: Self.run(data.url, whole.url).weights)
        let error = #expect(throws: CutisError.self) {
            try DefaultModelTrainer.run(
                configuration: Self.configuration, dataFolder: data.url, output: parts.url
            ) { progress in
                // To the process: the threads that run tests block signals of their own.
                if progress.epoch == 4 { kill(getpid(), SIGINT) }
            }
        }
        #expect(error?.code == .cancelled)
        let resumed = try Data(contentsOf: Self.run(data.url, parts.url).weights)
        #expect(resumed == expected)
    }

    @Test func tooFewImagesAreRefusedBeforeTheTraining() throws {
        let data = try TemporaryFolder()
        try SyntheticLesions.write(to: data.url, perClass: 8, side: 24)
        let output = try TemporaryFolder()
        let error = #expect(throws: CutisError.self) { try Self.run(data.url, output.url) }
        #expect(error?.code == .dataInvalid)
        #expect(error?.message.contains("'akiec'") == true)
    }

    @Test func wrongConfigurationsAreRefusedByName() throws {
        let cases: [(String, (inout DefaultModelConfiguration) -> Void)] = [
            ("batchSize", { $0.batchSize = 13 }), ("stage", { $0.stages = [] }), ("replicas", { $0.replicas = 0 }),
            ("labelSmoothing", { $0.labelSmoothing = 1 }), ("evaluationSides", { $0.evaluationSides = [] }),
            ("gradientNorm", { $0.gradientNorm = 0 }),
        ]
        for (name, change) in cases {
            var configuration = Self.configuration
            change(&configuration)
            let error = #expect(throws: CutisError.self) { try configuration.validate() }
            #expect(error?.code == .configInvalid && error?.message.contains(name) == true, "\(name)")
        }
    }
}
