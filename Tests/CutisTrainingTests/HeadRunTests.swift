import CutisCore
import CutisDatasets
import CutisModels
import CutisStatistics
import CutisTensor
import CutisTraining
import Foundation
import Testing

/// Heads from a table of embeddings and a table of labels to files: what `cutis probe` and `cutis mil` do.
@Suite struct HeadRunTests {
    private static let labels = LabelSet(["well", "ill"].map { DiagnosisLabel(id: $0, label: $0) })

    /// Embeddings whose first number tells the class, with samples of all three parts in turn.
    private func embeddings() throws -> EmbeddingTable {
        let numbers = (0..<Self.count).flatMap { row -> [Float] in
            let noise = (0..<3).map { Float(sin(Double(row * 3 + $0) * 12.9898)) * 0.4 }
            return [noise[0] + (label(row) == 1 ? 1 : -1), noise[1], noise[2]]
        }
        return try EmbeddingTable(
            features: Tensor(numbers, shape: [Self.count, 3]), names: (0..<Self.count).map { "photos/\($0).jpg" })
    }

    private static let count = 90

    private func label(_ row: Int) -> Int { row / 3 % 2 }

    private func samples() -> [DatasetSample] {
        (0..<Self.count).map { row in
            DatasetSample(
                id: "\(row)", images: [.file(URL(fileURLWithPath: "/elsewhere/\(row).jpg"))], labels: [label(row)],
                split: SplitName.allCases[row % 3])
        }
    }

    private func dataset(_ samples: [DatasetSample]) -> Dataset {
        Dataset(source: URL(fileURLWithPath: "/elsewhere/labels.csv"), labels: Self.labels, samples: samples)
    }

    @Test func aProbeJoinsFitsAndWrites() throws {
        var samples = samples()
        samples[0].split = nil
        samples.append(
            DatasetSample(
                id: "missing", images: [.file(URL(fileURLWithPath: "/elsewhere/missing.jpg"))], labels: [0],
                split: .train))
        let table = try embeddings()
        let run = try ProbeRun.run(table, dataset(samples), configuration: ProbeConfiguration())
        #expect(run.warnings.count == 2)
        #expect(run.warnings.contains { $0.contains("missing") })
        let test = try #require(run.metrics.test)
        #expect(test.confusion.total == 30)
        #expect(test.accuracy.value > 0.95)
        #expect(test.accuracy.lower < test.accuracy.value)
        #expect(run.metrics.candidates.count == ProbeConfiguration().strengths.count)

        let folder = try TemporaryFolder()
        let output = folder.url.appendingPathComponent("probe")
        try run.write(to: output, layer: .visionTransformer)
        let head = try ProbeHead(output.appendingPathComponent("head.safetensors"))
        #expect(head.labels == Self.labels)
        #expect(try head.probabilities(table.features).floats() == run.head.probabilities(table.features).floats())
        let metrics = try JSONDecoder().decode(
            ProbeMetrics.self, from: Data(contentsOf: output.appendingPathComponent("metrics.json")))
        #expect(metrics.chosen == run.metrics.chosen)
    }

    @Test func aTrainedHeadIsReadFromItsFolderWithItsLabels() throws {
        var configuration = MILConfiguration()
        (configuration.hiddenWidth, configuration.attentionWidth, configuration.sharedWidth) = (8, 4, 6)
        (configuration.dropout, configuration.learningRate, configuration.epochs) = (0, 1e-2, 30)
        let run = try MILRun.run(embeddings(), dataset(samples()), labels: ["ill"], configuration: configuration)
        let figures = try #require(run.metrics.test?.first)
        #expect(figures.id == "ill" && figures.cases == 30 && figures.positives == 15)
        #expect(try #require(figures.auroc).value > 0.95)
        #expect(run.metrics.cases["train"] == 30)

        let folder = try TemporaryFolder()
        let output = folder.url.appendingPathComponent("head")
        try run.write(to: output)
        let read = try MILHeads.read(output)
        #expect(read.labels == ["ill"])
        #expect(read.head.outputCount == 1)
        let names = try FileManager.default.contentsOfDirectory(atPath: output.path).sorted()
        #expect(names == ["head.safetensors", "history.json", "metrics.json", "thresholds.json"])
    }

    @Test func whatCannotBeJoinedIsRefused() throws {
        let table = try embeddings()
        func refusal(_ samples: [DatasetSample], allowsLeak: Bool = false) -> CutisError? {
            TrainingErrors.caught {
                _ = try ProbeRun.run(
                    table, dataset(samples), configuration: ProbeConfiguration(), allowsLeak: allowsLeak)
            }
        }
        var leaking = samples()
        leaking[0].facts.lesionID = "L1"
        leaking[1].facts.lesionID = "L1"
        #expect(refusal(leaking)?.code == .dataInvalid)
        #expect(refusal(leaking, allowsLeak: true) == nil)

        var twice = samples()
        twice[3].images = twice[0].images
        twice[3].id = "another"
        #expect(refusal(twice)?.message.contains("same embedding") == true)

        #expect(refusal(samples().filter { $0.split != .validation })?.message.contains("validation") == true)

        let unnamed = try EmbeddingTable(features: table.features)
        let error = TrainingErrors.caught {
            _ = try ProbeRun.run(unnamed, dataset(samples()), configuration: ProbeConfiguration())
        }
        #expect(error?.message.contains("no names") == true)

        let unknown = TrainingErrors.caught {
            _ = try MILRun.run(table, dataset(samples()), labels: ["sick"], configuration: MILConfiguration())
        }
        #expect(unknown?.code == .invalidArguments)
    }

    @Test func configurationFilesHaveOneSection() throws {
        let folder = try TemporaryFolder()
        let file = folder.url.appendingPathComponent("heads.yaml")
        func write(_ text: String) throws { try Data(text.utf8).write(to: file) }
        try write("probe: {strengths: [1, 2], metric: macro_auroc}\n")
        let probe = try ProbeConfiguration(file: file)
        #expect(probe.strengths == [1, 2] && probe.metric == .macroAUROC && probe.tolerance == 1e-5)
        #expect(TrainingErrors.caught { _ = try MILConfiguration(file: file) }?.code == .configInvalid)
        try write("mil:\n  epochs: 7\n")
        #expect(try MILConfiguration(file: file).epochs == 7)
        try write("mil:\n")
        #expect(try MILConfiguration(file: file) == MILConfiguration())
        for text in ["mil: {epoch: 7}", "mil: {epochs: 0}", "mil: 7", "7", "[mil]"] {
            try write(text)
            #expect(TrainingErrors.caught { _ = try MILConfiguration(file: file) }?.code == .configInvalid, "\(text)")
        }
    }
}
