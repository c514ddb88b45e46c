import CutisCore
import CutisTraining
import Foundation
import Testing

@Suite struct RunFolderTests {
    private func scratch() throws -> URL {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        return url
    }

    private func configuration(_ folder: URL, _ overrides: [String] = []) throws -> TrainingConfiguration {
        var made = try TrainingConfiguration(yaml: "data: {path: images}\n", overrides: overrides)
        made.output = folder.path
        return made
    }

    private func refusal(_ body: () throws -> Void) -> CutisError? {
        do {
            try body()
            return nil
        } catch {
            return error as? CutisError
        }
    }

    @Test func aRunGoesOnWithItsOwnConfigurationOnly() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let first = try configuration(folder)
        // A launcher that always says --resume must be able to start a run.
        let run = try RunFolder(first, resuming: true)
        let stored = try TrainingConfiguration(file: run.configuration)
        #expect(stored == first)
        #expect(FileManager.default.fileExists(atPath: run.checkpoints.path))
        #expect(FileManager.default.fileExists(atPath: run.plots.path))
        let again = refusal { _ = try RunFolder(first) }
        #expect(again?.code == .outputUnwritable && again?.remedy.contains("--resume") == true)
        var other = try configuration(folder, ["optimizer.weight_decay=0.3", "seed=3"])
        #expect(refusal { _ = try RunFolder(other) }?.remedy.contains("--resume") == false)
        let wrong = refusal { _ = try RunFolder(other, resuming: true) }
        #expect(wrong?.code == .checkpointMismatch)
        #expect(wrong?.message.contains("seed, optimizer.weight_decay") == true, "\(String(describing: wrong))")
        other = first
        other.loader.workers = 7
        #expect(refusal { _ = try RunFolder(other, resuming: true) } == nil)
    }

    @Test func metricsSurviveAKillInTheMiddleOfALine() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let run = try RunFolder(configuration(folder))
        let columns = ["train_loss", "val, \"auroc\""]
        func record(_ epoch: Int) -> MetricRecord {
            MetricRecord(
                epoch: epoch, step: epoch * 10, values: ["train_loss": 1 / Double(epoch), "val, \"auroc\"": 0.1 + 0.2])
        }
        do {
            let log = try MetricsLog(run, columns: columns)
            for epoch in 1...3 { try log.append(record(epoch)) }
            try log.append(MetricRecord(epoch: 4, step: 40, values: ["train_loss": .nan]))
        }
        let whole = try Data(contentsOf: run.metricsLines)
        let table = try String(contentsOf: run.metricsTable, encoding: .utf8)
        #expect(table.hasPrefix("epoch,step,train_loss,\"val, \"\"auroc\"\"\"\n1,10,1.0,0.30000000000000004\n"))
        #expect(table.hasSuffix("\n4,40,,\n"))
        // The last record in both files cut off at every place.
        let begin = whole.dropLast().lastIndex(of: 0x0A).map { $0 + 1 } ?? 0
        for end in begin..<whole.count {
            try whole[..<end].write(to: run.metricsLines)
            try Data(table.utf8.dropLast(3)).write(to: run.metricsTable)
            let log = try MetricsLog(run, columns: columns, resumingAfter: 4)
            #expect(log.records == (1...3).map(record))
            try log.append(MetricRecord(epoch: 4, step: 40, values: [:]))
            let repaired = try Data(contentsOf: run.metricsLines)
            let wanted =
                String(decoding: whole[..<begin], as: UTF8.self)
                + "{\"epoch\":4,\"step\":40,\"train_loss\":null,\"val, \\\"auroc\\\"\":null}\n"
            #expect(repaired == Data(wanted.utf8))
            let rows = try String(contentsOf: run.metricsTable, encoding: .utf8)
            #expect(rows == table)
        }
        try whole.write(to: run.metricsLines)
        let log = try MetricsLog(run, columns: columns, resumingAfter: 2)
        #expect(log.records == (1...2).map(record))
        let rows = try String(contentsOf: run.metricsTable, encoding: .utf8)
        #expect(rows.split(separator: "\n").count == 3)
        try Data("nonsense\n{\"epoch\":1,\"step\":1}\n".utf8).write(to: run.metricsLines)
        #expect(refusal { _ = try MetricsLog.read(run) }?.message.contains("Line 1 of") == true)
    }

    @Test func checksumsAreCastagnolis() {
        // RFC 3720, B.4.
        #expect(TFRecord.checksum(Data(count: 32)) == 0x8A91_36AA)
        #expect(TFRecord.checksum(Data(repeating: 0xFF, count: 32)) == 0x62A8_AB43)
        #expect(TFRecord.checksum(Data(0..<32)) == 0x46DD_794E)
        #expect(TFRecord.checksum(Data("123456789".utf8)) == 0xE306_9283)
    }

    @Test func eventsHaveTensorBoardsBytes() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let date = Date(timeIntervalSince1970: 1_700_000_000.5)
        let writer = try TensorBoardWriter(folder, date: date)
        try writer.write(["loss/train": 0.625, "skipped": .infinity], step: 300, date: date)
        let second = try TensorBoardWriter(folder, purgingFrom: 301, date: date)
        #expect(writer.url.lastPathComponent == "events.out.tfevents.1700000000.cutis.0")
        #expect(second.url.lastPathComponent == "events.out.tfevents.1700000000.cutis.1")
        // From tensorboard 2.21.0's own EventFileWriter and messages; see Tools/fixtures/tensorboard_events.py.
        let bytes = try Data(contentsOf: writer.url)
        #expect(bytes.map { String($0, radix: 16) }.joined(separator: " ") == Self.firstFile)
        let resumed = try Data(contentsOf: second.url)
        #expect(resumed.map { String($0, radix: 16) }.joined(separator: " ") == Self.secondFile)
    }

    @Test func environmentNamesNoMachine() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let environment = RunEnvironment(version: "0.0.0", device: "cpu", fingerprint: "abc")
        let url = folder.appendingPathComponent("environment.json")
        try environment.write(to: url)
        let text = try String(contentsOf: url, encoding: .utf8)
        #expect(!text.contains(ProcessInfo.processInfo.hostName) || ProcessInfo.processInfo.hostName == "localhost")
        #expect(!environment.libTorch.isEmpty && !environment.cpu.isEmpty && environment.memory > 0)
        #expect(environment.system.hasPrefix("Linux"))
    }

    @Test func curvesAreDrawnOfWhatThereIs() throws {
        let folder = try scratch()
        defer { try? FileManager.default.removeItem(at: folder) }
        let records = (1...5).map { epoch in
            MetricRecord(
                epoch: epoch, step: epoch, values: epoch % 2 == 0 ? ["a": 1, "b": Double(epoch)] : ["a": 2])
        }
        let panels = [
            LearningCurves.Panel("Loss", axis: "loss", columns: [.init("a", "training"), .init("b", "<validation>")]),
            LearningCurves.Panel("Empty", axis: "", columns: [.init("c", "c")]),
        ]
        try LearningCurves.write(records, panels: panels, to: folder)
        let files = try FileManager.default.contentsOfDirectory(atPath: folder.path)
        #expect(files == ["Loss.svg"])
        let svg = try String(contentsOf: folder.appendingPathComponent("Loss.svg"), encoding: .utf8)
        #expect(svg.contains("training") && svg.contains("&lt;validation&gt;") && !svg.contains("<validation>"))
    }
}
