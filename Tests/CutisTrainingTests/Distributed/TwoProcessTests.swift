import CutisCore
import CutisTensor
import CutisTraining
import Foundation
import Testing

/// Two processes on one machine over Gloo, as `torchrun --nproc-per-node 2` starts them.
@Suite(.serialized) struct TwoProcessTests {
    private static func launch(_ folder: URL, rank: Int, port: Int, _ more: [String: String] = [:]) throws -> Process {
        let process = Process()
        // This same test program, told to run the worker alone.
        process.executableURL = URL(fileURLWithPath: "/proc/self/exe").resolvingSymlinksInPath()
        process.arguments = ["--testing-library", "swift-testing", "--filter", "DistributedWorker"]
        process.environment = ProcessInfo.processInfo.environment.merging(more) { $1 }.merging([
            "CUTIS_TEST_FOLDER": folder.path, "RANK": "\(rank)", "WORLD_SIZE": "2", "LOCAL_RANK": "\(rank)",
            "MASTER_ADDR": "127.0.0.1", "MASTER_PORT": "\(port)", "OMP_NUM_THREADS": "1",
        ]) { $1 }
        let log = folder.appendingPathComponent("log-\(rank)")
        try Data().write(to: log)
        process.standardOutput = try FileHandle(forWritingTo: log)
        process.standardError = process.standardOutput
        try process.run()
        return process
    }

    private static func wait(_ process: Process, seconds: Double) -> Bool {
        let deadline = ContinuousClock.now + .seconds(seconds)
        while process.isRunning, ContinuousClock.now < deadline { usleep(2000) }
        return !process.isRunning
    }

    /// Runs both ranks to their ends.
    private static func run(_ folder: URL, _ more: [String: String] = [:]) throws {
        let port = try freePort()
        let processes = try (0..<2).map { try launch(folder, rank: $0, port: port, more) }
        for process in processes where !wait(process, seconds: 120) {
            kill(process.processIdentifier, SIGKILL)
            Issue.record("a rank did not end")
        }
    }

    private static func text(_ folder: URL, rank: Int) throws -> String {
        try String(contentsOf: folder.appendingPathComponent("rank-\(rank).txt"), encoding: .utf8)
    }

    private static func weights(_ folder: URL, rank: Int = 0) throws -> [Float] {
        let bytes = try Data(contentsOf: folder.appendingPathComponent("weights-\(rank)"))
        return bytes.withUnsafeBytes { Array($0.bindMemory(to: Float.self)) }
    }

    private static func withFolder<R>(_ body: (URL) throws -> R) throws -> R {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-ranks-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    @Test func twoRanksGiveTheWeightsOfOneProcess() throws {
        let alone = try DistributedRun(seed: 5)
        for number in 0..<DistributedRun.steps { try alone.step(number, nil) }
        let expected = try alone.state.flatMap { try $0.detach().floats() }
        let (first, second) = try Self.withFolder { folder in
            try Self.run(folder)
            #expect(try Self.text(folder, rank: 0) == "done")
            return (try Self.weights(folder), try Self.weights(folder, rank: 1))
        }
        #expect(first == second, "the ranks hold the same bits")
        let count = alone.parameters.reduce(0) { $0 + $1.count }
        let difference = zip(expected, first).prefix(count).reduce(Float(0)) { max($0, abs($1.0 - $1.1)) }
        let square = zip(expected, first).prefix(count).reduce(0) { $0 + Double(($1.0 - $1.1) * ($1.0 - $1.1)) }
        let norm = expected.prefix(count).reduce(0) { $0 + Double($1 * $1) }
        let share = (square / norm).squareRoot()
        print("two ranks against one process: largest difference \(difference), \(share) of the norm")
        #expect(difference <= 1e-5)
    }

    @Test func aKilledRankEndsTheOtherAndTheRunResumes() throws {
        let whole = try Self.withFolder { folder in
            try Self.run(folder)
            return try Self.weights(folder)
        }
        try Self.withFolder { folder in
            let port = try freePort()
            let order = ["CUTIS_TEST_LOSE": "8"]
            let first = try Self.launch(folder, rank: 0, port: port, order)
            let second = try Self.launch(folder, rank: 1, port: port, order)
            #expect(Self.wait(second, seconds: 60))
            let lost = ContinuousClock.now
            #expect(Self.wait(first, seconds: 20), "rank 0 waits for ever")
            let seconds = (ContinuousClock.now - lost) / .seconds(1)
            let text = try Self.text(folder, rank: 0)
            print("rank 0 ended \(seconds) s after rank 1 was killed: \(text)")
            #expect(second.terminationReason == .uncaughtSignal)
            #expect(text.hasPrefix("network-failed\nThe run lost a process: rank 0 of 2, all-reduce: another rank"))
            #expect(text.contains("--resume"))
            #expect(seconds < 10)
            try Self.run(folder, ["CUTIS_TEST_RESUME": "1"])
            #expect(try Self.weights(folder) == whole, "the resumed run ends with the same bits")
        }
    }

    @Test func aSilentRankIsATimeout() throws {
        try Self.withFolder { folder in
            let port = try freePort()
            let order = ["CUTIS_TEST_LOSE": "2", "CUTIS_TEST_SIGNAL": "\(SIGSTOP)", "CUTIS_TEST_TIMEOUT": "5"]
            let first = try Self.launch(folder, rank: 0, port: port, order)
            let second = try Self.launch(folder, rank: 1, port: port, order)
            #expect(Self.wait(first, seconds: 60), "rank 0 waits for ever")
            kill(second.processIdentifier, SIGKILL)
            second.waitUntilExit()
            let text = try Self.text(folder, rank: 0)
            #expect(text.contains("another rank did not answer within 5 s"), "\(text)")
        }
    }
}
