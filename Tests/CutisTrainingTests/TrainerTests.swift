import CutisCore
import CutisDatasets
import CutisInference
import CutisStatistics
import CutisTensor
import CutisTraining
import Foundation
import Testing

@Suite("The trainer from images to a bundle", .serialized)
struct TrainerTests {
    private static func run(
        _ data: URL, _ output: URL, _ overrides: [String] = [], resumes: Bool = false,
        progress: @escaping (TrainingProgress) -> Void = { _ in }
    ) throws -> Trainer.Outcome {
        try Trainer.run(
            SyntheticLesions.configuration(data, output, overrides),
            options: Trainer.Options(resumes: resumes, tensorBoard: true, version: "test"), progress: progress)
    }

    private static func weights(_ outcome: Trainer.Outcome) throws -> Data {
        try Data(contentsOf: #require(outcome.bundle).appendingPathComponent("weights.safetensors"))
    }

    private static func data(perClass: Int = 20, side: Int = 36) throws -> TemporaryFolder {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: perClass, side: side)
        return folder
    }

    @Test func learnsColoursAndWritesEverything() async throws {
        let data = try Self.data(perClass: 24, side: 44)
        let output = try TemporaryFolder()
        var lines: [String] = []
        let outcome = try Self.run(data.url, output.url) { if $0.endsEpoch { lines.append($0.line) } }
        #expect(lines.count == 6 && lines.last?.contains("AUROC") == true)
        let folder = outcome.folder
        let metrics = try JSONDecoder().decode(
            TrainingMetrics.self, from: Data(contentsOf: folder.appendingPathComponent("metrics.json")))
        let test = try #require(metrics.test)
        #expect(try #require(test.macroAUROC).value > 0.9)
        let thresholds = try #require(metrics.thresholds)
        #expect(metrics.temperature > 0 && (0...1).contains(thresholds.sensitivity) && thresholds.balanced <= 1)
        #expect(try #require(metrics.validation.watched).operatingPoint.sensitivity.value >= 0.8)
        for name in [
            "config.yaml", "environment.json", "metrics.csv", "metrics.jsonl", "predictions.csv", "plots/loss.svg",
            "plots/figures.svg", "plots/loss.png", "checkpoints/last.safetensors", "checkpoints/best.safetensors",
        ] {
            let size = try Data(contentsOf: folder.appendingPathComponent(name)).count
            #expect(size > 100, "\(name)")
        }
        #expect(try !FileManager.default.contentsOfDirectory(atPath: folder.path + "/tensorboard").isEmpty)
        let bundle = try ModelBundle(#require(outcome.bundle))
        _ = try await BundleVerification.run(bundle)
        #expect(bundle.manifest.thresholds["mel"] == thresholds.sensitivity)
        let card = try String(contentsOf: bundle.file(BundleLayout.modelCard), encoding: .utf8)
        for text in ["95 %", "not a medical device", "Limits", "no lesion is in two parts", "| mel | "] {
            #expect(card.lowercased().contains(text.lowercased()), "the card lacks '\(text)'")
        }
        // A run that is finished is not trained again: the report is written anew.
        let again = try Self.run(data.url, output.url, resumes: true)
        #expect(try Self.weights(again) == Self.weights(outcome))
    }

    @Test func theSameSeedGivesTheSameBitsWhateverTheLoaderThreads() throws {
        let data = try Self.data()
        let (first, second) = (try TemporaryFolder(), try TemporaryFolder())
        let one = try Self.weights(Self.run(data.url, first.url))
        let two = try Self.weights(Self.run(data.url, second.url, ["loader.workers=3", "name=other"]))
        #expect(one == two)
    }

    @Test(
        "a run that is interrupted and resumed ends with the same bits",
        arguments: [
            ["model.dropout=0.2"], ["ema=null", "optimizer={kind: sgd}"], ["accumulate=2", "sampler=weighted"],
        ])
    func anInterruptStopsBetweenTwoStepsAndTheRunGoesOn(_ overrides: [String]) throws {
        let data = try Self.data()
        let (whole, parts) = (try TemporaryFolder(), try TemporaryFolder())
        let expected = try Self.run(data.url, whole.url, overrides)
        let error = #expect(throws: CutisError.self) {
            try Self.run(data.url, parts.url, overrides) { progress in
                if progress.epoch == 2 { InterruptSignal.raise() }
            }
        }
        #expect(error?.code == .cancelled)
        let resumed = try Self.run(data.url, parts.url, overrides, resumes: true)
        #expect(try Self.weights(resumed) == Self.weights(expected))
        func losses(_ outcome: Trainer.Outcome) throws -> [Double?] {
            try MetricsLog.read(RunFolder(reading: outcome.folder)).map { $0.values["train_loss"] }
        }
        #expect(try losses(resumed) == losses(expected))
    }

    @Test func anotherConfigurationDoesNotGoOnFromACheckpoint() throws {
        let data = try Self.data()
        let output = try TemporaryFolder()
        let short = ["schedule.stages=[{epochs: 1}]", "schedule.warm_up_epochs=0"]
        _ = try Self.run(data.url, output.url, short)
        let error = #expect(throws: CutisError.self) {
            try Self.run(data.url, output.url, short + ["schedule.peak_rate=5e-3"], resumes: true)
        }
        #expect(error?.code == .checkpointMismatch && error?.message.contains("schedule.peak_rate") == true)
        let twice = #expect(throws: CutisError.self) { try Self.run(data.url, output.url, short) }
        #expect(twice?.code == .outputUnwritable && twice?.remedy.contains("--resume") == true)
    }

    @Test func aLossThatIsNotFiniteStopsWithTheBatch() throws {
        let data = try Self.data()
        let output = try TemporaryFolder()
        let error = #expect(throws: CutisError.self) {
            try Self.run(
                data.url, output.url, ["schedule.peak_rate=1000", "schedule.warm_up_epochs=0", "gradient_clip=1e6"])
        }
        #expect(error?.code == .computeFailed)
        // In the middle of an epoch, or with its last step, as the order of rounding on this machine has it.
        let message = error?.message ?? ""
        #expect(message.contains("not finite") && message.contains("SYN_"), "\(String(describing: error))")
    }

    @Test func gradientsOfSeveralBatchesAddUpToThoseOfOne() throws {
        let data = try Self.data()
        let (one, two) = (try TemporaryFolder(), try TemporaryFolder())
        // Without batch norm, mixing and replicas the two are the same sums in another order.
        let common = [
            "model={architecture: vit_tiny_patch16, image_size: 32}", "mixing={probability: 0}", "replicas=1",
            "schedule={epochs: 1, peak_rate: 1e-4}", "optimizer={kind: sgd}", "validation.image_sizes=[]",
        ]
        let quarter = try TrainingData(SyntheticLesions.configuration(data.url, data.url)).rows(.train).count / 4
        let large = try Self.run(data.url, one.url, common + ["batch_size=\(2 * quarter)"])
        let parts = try Self.run(data.url, two.url, common + ["batch_size=\(quarter)", "accumulate=2"])
        func loss(_ outcome: Trainer.Outcome) throws -> Double {
            try #require(MetricsLog.read(RunFolder(reading: outcome.folder)).last?.values["train_loss"])
        }
        #expect(abs(try loss(large) / loss(parts) - 1) < 1e-4)
    }

    @Test func imagesThatFailAreNamedAndSkippedUpToALimit() throws {
        let data = try Self.data()
        let images = data.url.appendingPathComponent("images")
        let configuration = try SyntheticLesions.configuration(data.url, data.url)
        let split = try TrainingData(configuration)
        // Broken images of the training part: a figure without an image would be another figure.
        for row in split.rows(.train).prefix(2) {
            let name = split.sample(row).id
            let url = images.appendingPathComponent(name.hasSuffix(".jpg") ? name : "\(name).jpg")
            try Data("no image".utf8).write(to: url)
        }
        let short = ["schedule.stages=[{epochs: 1}]", "schedule.warm_up_epochs=0"]
        let (allowed, refused) = (try TemporaryFolder(), try TemporaryFolder())
        let outcome = try Self.run(data.url, allowed.url, short + ["data.maximum_image_errors=2"])
        #expect(outcome.warnings.count { $0.contains("SYN_") } == 2)
        let error = #expect(throws: CutisError.self) {
            try Self.run(data.url, refused.url, short + ["data.maximum_image_errors=1"])
        }
        #expect(error?.message.contains("SYN_") == true)
    }

    @Test func trainingStopsWhenNothingBetterComes() throws {
        let data = try Self.data()
        let output = try TemporaryFolder()
        var last = 0
        _ = try Self.run(
            data.url, output.url,
            [
                "schedule={epochs: 30, peak_rate: 1e-9}", "validation.patience=2", "validation.metric=accuracy",
                "ema=null",
            ]
        ) { last = $0.epoch }
        #expect(last >= 3 && last < 30)
    }

    @Test func theFiguresOfAnEpochCannotBeWonByCallingEverythingPositive() throws {
        let labels = [0, 0, 0, 0, 1, 1, 1, 1]
        let rules = ValidationConfiguration()
        let everything = try ValidationFigures(
            logits: labels.map { _ in [0, 5] }, labels: labels, watched: 1, rules: rules)
        let right = try ValidationFigures(
            logits: labels.map { $0 == 1 ? [0, 1] : [1, 0] }, labels: labels, watched: 1, rules: rules)
        #expect(everything.score(.sensitivityAtSpecificity) < 0.1)
        #expect(right.score(.sensitivityAtSpecificity) > 0.99)
        #expect(right.score(.loss) < 0 && right.score(.accuracy) == 1)
    }
}
