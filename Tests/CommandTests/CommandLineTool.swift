import Foundation
import Testing

/// Runs the built `cutis` as a process.
struct CommandLineTool {
    /// What a run printed and how it ended.
    struct Outcome {
        let status: Int32
        let output: String
        let errors: String
        let seconds: Double

        /// The standard output as JSON.
        func json() throws -> Any { try JSONSerialization.jsonObject(with: Data(output.utf8)) }
        func object() throws -> [String: Any] { try #require(try json() as? [String: Any]) }
    }

    static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    /// The shared data set folder, where it is present.
    static let sharedData: URL? = {
        let named = ProcessInfo.processInfo.environment["CUTIS_SHARED_DATA"].map { URL(fileURLWithPath: $0) }
        let url = named ?? root.deletingLastPathComponent().appendingPathComponent("shared/data")
        return FileManager.default.fileExists(atPath: url.path) ? url : nil
    }()

    static let binary = root.appendingPathComponent(".build/release/cutis")

    /// Runs `cutis` with arguments.
    ///
    /// - Parameters:
    ///   - limit: seconds; a run that lasts longer is ended and fails the test.
    ///   - largestFile: the most kilobytes that a file may get; a write beyond fails.
    ///   - addressSpace: the most kilobytes that the process may map.
    ///   - outputPath: where standard output goes instead of into the outcome.
    @discardableResult
    static func run(
        _ arguments: [String], environment: [String: String] = [:], limit: Double = 60, outputPath: String? = nil,
        largestFile: Int? = nil, addressSpace: Int? = nil
    ) throws -> Outcome {
        let process = Process()
        process.executableURL = binary
        process.arguments = arguments
        if let largestFile {
            // With SIGXFSZ ignored, write() fails as on a full disk.
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            let script = "trap '' XFSZ; ulimit -f \(largestFile); exec \"$0\" \"$@\""
            process.arguments = ["-c", script, binary.path] + arguments
        }
        if let addressSpace {
            process.executableURL = URL(fileURLWithPath: "/bin/bash")
            process.arguments = ["-c", "ulimit -v \(addressSpace); exec \"$0\" \"$@\"", binary.path] + arguments
        }
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        // Files instead of pipes: nothing blocks when much is printed.
        let scratch = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-run-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: scratch, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: scratch) }
        let outputURL = scratch.appendingPathComponent("output")
        let errorsURL = scratch.appendingPathComponent("errors")
        for url in [outputURL, errorsURL] { try Data().write(to: url) }
        process.standardOutput = try FileHandle(forWritingTo: outputPath.map { URL(fileURLWithPath: $0) } ?? outputURL)
        process.standardError = try FileHandle(forWritingTo: errorsURL)
        process.standardInput = FileHandle.nullDevice
        let start = ContinuousClock.now
        try process.run()
        let deadline = start + .seconds(limit)
        while process.isRunning, ContinuousClock.now < deadline { usleep(5000) }
        if process.isRunning {
            process.terminate()
            Issue.record("cutis \(arguments.joined(separator: " ")) ran longer than \(limit) s")
        }
        process.waitUntilExit()
        return Outcome(
            status: process.terminationStatus, output: try String(contentsOf: outputURL, encoding: .utf8),
            errors: try String(contentsOf: errorsURL, encoding: .utf8),
            seconds: (ContinuousClock.now - start) / .seconds(1))
    }

    /// A folder of its own for one test.
    static func withFolder<Result>(_ body: (URL) throws -> Result) throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try body(folder)
    }

    /// The same for work that waits.
    static func withFolder<Result>(_ body: (URL) async throws -> Result) async throws -> Result {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-test-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        return try await body(folder)
    }
}
