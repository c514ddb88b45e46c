import Foundation
import Testing

/// `cutis train` as a process: wrong input, several processes, and processes that are killed.
@Suite(.serialized) struct TrainTests {
    private static let classes = ["blue", "green", "red"]

    /// A folder of three classes of small images, each with its own colour and noise, parted into train and val.
    private static func writeImages(_ folder: URL, training: Int = 16, validation: Int = 4) throws {
        var generator = SystemRandomNumberGenerator()
        for (part, count) in [("train", training), ("val", validation)] {
            for (channel, name) in classes.enumerated() {
                let place = folder.appendingPathComponent("\(part)/\(name)")
                try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
                for number in 0..<count {
                    let pixels = (0..<(40 * 40 * 3)).map { index in
                        UInt8(Int.random(in: 0...90, using: &generator) + (index % 3 == channel ? 120 : 60))
                    }
                    try bitmap(side: 40, pixels).write(to: place.appendingPathComponent("\(number).bmp"))
                }
            }
        }
    }

    /// An uncompressed 24-bit BMP.
    private static func bitmap(side: Int, _ pixels: [UInt8]) -> Data {
        func little(_ value: Int, _ bytes: Int) -> [UInt8] { (0..<bytes).map { UInt8(value >> (8 * $0) & 255) } }
        var header: [UInt8] = Array("BM".utf8) + little(54 + pixels.count, 4) + little(0, 4) + little(54, 4)
        header += little(40, 4) + little(side, 4) + little(side, 4) + little(1, 2) + little(24, 2)
        header += [UInt8](repeating: 0, count: 24)
        return Data(header + pixels)
    }

    private static func arguments(_ folder: URL, _ name: String, _ more: [String] = []) throws -> [String] {
        let config = folder.appendingPathComponent("config.yaml")
        try Data(
            """
            output: "\(folder.appendingPathComponent("runs").path)"
            data: {path: "\(folder.appendingPathComponent("images").path)", split: given}
            model: {architecture: resnet18, stem_width: 4, image_size: 32}
            augmentation: {horizontal_flip: 0.5}
            batch_size: 8
            precision: fp32
            schedule: {peak_rate: 1e-4, epochs: 6}
            validation: {class: red, metric: auroc}
            loader: {workers: 1, cache: memory}
            """.utf8
        ).write(to: config)
        return ["train", config.path, "name=\(name)", "--device", "cpu", "--quiet"] + more
    }

    private static func start(_ arguments: [String], _ environment: [String: String] = [:]) throws -> Process {
        let process = Process()
        process.executableURL = CommandLineTool.binary
        process.arguments = arguments
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.standardOutput = FileHandle.nullDevice
        process.standardError = FileHandle.nullDevice
        try process.run()
        return process
    }

    private static func weights(_ folder: URL, _ name: String) throws -> Data {
        try Data(contentsOf: folder.appendingPathComponent("runs/\(name)/bundle/weights.safetensors"))
    }

    private static func withImages(_ body: (URL) throws -> Void) throws {
        try CommandLineTool.withFolder { folder in
            try writeImages(folder.appendingPathComponent("images"))
            try body(folder)
        }
    }

    @Test func wrongInputIsRefusedWithWhatToDo() throws {
        try Self.withImages { folder in
            for (change, code, words) in [
                ("optimiser.kind=sgd", 3, "Did you mean 'optimizer'?"),
                ("schedule.peak_rat=1", 3, "schedule.peak_rate"),
                ("model={architecture: vit_tiny_patch16, image_size: 33}", 3, "multiple of 16"),
                ("data.path=/nowhere", 3, "/nowhere"), ("nonsense", 2, "key=value"),
                ("data.labels=[blue, green]", 3, "red"), ("loss.focal={class: melanoma}", 3, "melanoma"),
            ] as [(String, Int32, String)] {
                let outcome = try CommandLineTool.run(Self.arguments(folder, "wrong", [change]))
                #expect(outcome.status == code, "\(change): \(outcome.errors)")
                #expect(outcome.errors.contains(words), "\(change): \(outcome.errors)")
            }
        }
    }

    @Test("a full disk ends the run with a message, and the checkpoint before stays")
    func fullDisk() throws {
        try Self.withImages { folder in
            let arguments = try Self.arguments(folder, "full")
            let outcome = try CommandLineTool.run(arguments, largestFile: 200)
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("space") || outcome.errors.contains("too large"), "\(outcome.errors)")
            let checkpoints = folder.appendingPathComponent("runs/full/checkpoints").path
            // The smaller file of the best weights may have fitted; nothing half-written is left.
            let left = try FileManager.default.contentsOfDirectory(atPath: checkpoints)
            #expect(left.allSatisfy { $0 == "best.safetensors" }, "\(left)")
            // With room again the same command goes on.
            #expect(try CommandLineTool.run(arguments + ["--resume"]).status == 0)
        }
    }

    @Test("Ctrl-C ends a run with a checkpoint, and the run goes on to the same bits")
    func interrupt() throws {
        try Self.withImages { folder in
            let whole = try CommandLineTool.run(Self.arguments(folder, "whole"))
            try #require(whole.status == 0, "\(whole.errors)")
            let process = try Self.start(Self.arguments(folder, "parts"))
            let log = folder.appendingPathComponent("runs/parts/metrics.jsonl")
            // After the first epoch, as long as a busy machine may need for it.
            for _ in 0..<6000 where (try? Data(contentsOf: log))?.isEmpty ?? true { usleep(10_000) }
            kill(process.processIdentifier, SIGINT)
            process.waitUntilExit()
            #expect(process.terminationReason == .exit && process.terminationStatus == 1)
            #expect(
                FileManager.default.fileExists(
                    atPath: folder.appendingPathComponent("runs/parts/checkpoints/last.safetensors").path))
            let last = try CommandLineTool.run(Self.arguments(folder, "parts", ["--resume"]))
            #expect(last.status == 0, "\(last.errors)")
            #expect(try Self.weights(folder, "parts") == Self.weights(folder, "whole"))
        }
    }

    /// CUTIS_KILLS sets how often; the release test kills 50 times.
    @Test("kill -9 at random moments: the newest checkpoint loads, and the run ends with the same bits")
    func kills() throws {
        try Self.withImages { folder in
            let whole = try CommandLineTool.run(Self.arguments(folder, "whole"))
            try #require(whole.status == 0, "\(whole.errors)")
            let arguments = try Self.arguments(folder, "parts", ["--resume"])
            let kills = ProcessInfo.processInfo.environment["CUTIS_KILLS"].flatMap(Int.init) ?? 5
            let run = folder.appendingPathComponent("runs/parts")
            var hits = 0
            while hits < kills {
                // A run that has come to its end begins anew: each kill is to hit a training.
                if FileManager.default.fileExists(atPath: run.appendingPathComponent("bundle").path) {
                    try FileManager.default.removeItem(at: run)
                }
                // As long as the whole run at most, so that early and late moments come.
                let process = try Self.start(arguments)
                usleep(UInt32(1e6 * Double.random(in: 0.1...max(0.2, whole.seconds))))
                kill(process.processIdentifier, SIGKILL)
                process.waitUntilExit()
                if process.terminationReason == .uncaughtSignal {
                    hits += 1
                } else {
                    // It came to its end before: it never fails on what the kill before had left.
                    try #require(process.terminationStatus == 0)
                }
            }
            let last = try CommandLineTool.run(arguments)
            #expect(last.status == 0, "\(last.errors)")
            #expect(try Self.weights(folder, "parts") == Self.weights(folder, "whole"))
            let left = try FileManager.default.contentsOfDirectory(
                atPath: run.appendingPathComponent("checkpoints").path)
            #expect(left.sorted() == ["best.safetensors", "last.safetensors"])
        }
    }

    @Test("two processes see the batches of one with twice the size; a lost one ends the other, and the run resumes")
    func twoProcesses() throws {
        try Self.withImages { folder in
            // Without batch norm the two are the same sums in another order.
            let transformer = ["model={architecture: vit_tiny_patch16, image_size: 32}", "schedule.epochs=4"]
            let port = Int.random(in: 20_000..<30_000)
            func environment(_ rank: Int) -> [String: String] {
                [
                    "RANK": "\(rank)", "WORLD_SIZE": "2", "LOCAL_RANK": "\(rank)", "MASTER_ADDR": "127.0.0.1",
                    "MASTER_PORT": "\(port)",
                ]
            }
            func both(_ name: String, killsAfter seconds: Double? = nil) throws -> [Int32] {
                let arguments = try Self.arguments(folder, name, transformer + ["--resume"])
                let processes = try (0..<2).map { try Self.start(arguments, environment($0)) }
                if let seconds {
                    usleep(UInt32(1e6 * seconds))
                    kill(processes[1].processIdentifier, SIGKILL)
                }
                for process in processes { process.waitUntilExit() }
                return processes.map(\.terminationStatus)
            }
            #expect(try both("pair") == [0, 0])
            let one = try CommandLineTool.run(Self.arguments(folder, "one", transformer + ["batch_size=16"]))
            #expect(one.status == 0, "\(one.errors)")
            func losses(_ name: String) throws -> [Double] {
                let url = folder.appendingPathComponent("runs/\(name)/metrics.csv")
                return try String(contentsOf: url, encoding: .utf8).split(separator: "\n").dropFirst().compactMap {
                    Double($0.split(separator: ",", omittingEmptySubsequences: false)[2])
                }
            }
            let (pair, single) = (try losses("pair"), try losses("one"))
            #expect(pair.count == 4 && single.count == 4)
            for (a, b) in zip(pair, single) { #expect(abs(a - b) < 1e-4 * b, "\(pair) \(single)") }
            let first = try both("killed", killsAfter: 3)
            if first[0] != 0 { #expect(first[0] == 1) }
            #expect(try both("killed") == [0, 0])
            #expect(try Self.weights(folder, "killed") == Self.weights(folder, "pair"))
        }
    }
}
