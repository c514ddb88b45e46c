import CutisCore
public import CutisInference
public import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Measures bundles by `cutis bench` in a process of its own: memory belongs to a process, and nothing that was
/// computed before disturbs the time.
public struct ChildBenchmark: Sendable {
    private let executable: URL
    private let arguments: [String]
    private let limit: Duration

    /// - Parameters:
    ///   - executable: `cutis` itself.
    ///   - runs: images that are timed.
    ///   - threads: threads within an operation; nil takes one per core.
    ///   - fallsBack: whether a precision that the CPU does not have is measured in fp32.
    ///   - limit: a benchmark that takes longer is ended.
    public init(
        executable: URL, runs: Int, threads: Int?, fallsBack: Bool, limit: Duration = .seconds(3600)
    ) {
        self.executable = executable
        self.limit = limit
        arguments =
            ["--device", "cpu", "--format", "json", "--json-errors", "--runs", String(runs), "--warmup", "2"]
            + (threads.map { ["--threads", String($0)] } ?? []) + (fallsBack ? ["--fallback"] : [])
    }

    /// Measures a bundle.
    ///
    /// - Throws: `CutisError`: what the benchmark itself says, `.outOfMemory` where the system ended it,
    ///   `.computeFailed` where it does not end or says nothing.
    public func measure(_ bundle: URL, _ precision: Precision) throws -> PerformanceFigures {
        let process = try ChildProcess(
            executable, ["bench", bundle.path, "--precision", precision.rawValue] + arguments)
        let outcome = try process.wait(limit: limit)
        if outcome.signal == SIGKILL {
            throw CutisError(
                .outOfMemory, "The system ended the benchmark of \(bundle.lastPathComponent), most likely for memory.",
                remedy: "Close other programs, or optimise on a machine with more memory.")
        }
        guard outcome.status == 0, let figures = Self.figures(outcome.output) else {
            if let reported = try? JSONDecoder().decode(Reported.self, from: outcome.errors),
                let code = ErrorCode(rawValue: reported.error.code)
            {
                throw CutisError(code, reported.error.message, remedy: reported.error.remedy)
            }
            throw CutisError(
                .computeFailed, "The benchmark of \(bundle.lastPathComponent) ended with status \(outcome.status).",
                remedy: "Run `cutis bench` on the bundle to see why.")
        }
        return PerformanceFigures(
            loadMilliseconds: figures.loadMs, median: figures.medianMs, p95: figures.p95Ms,
            imagesPerSecond: figures.imagesPerS, peakMegabytes: figures.peakRssMb, threads: figures.threads,
            cpu: figures.cpu)
    }

    /// The keys of `cutis bench --format json`.
    private struct Figures: Decodable {
        let loadMs, medianMs, p95Ms, imagesPerS, peakRssMb: Double
        let threads: Int
        let cpu: String
    }

    private static func figures(_ data: Data) -> Figures? {
        let decoder = JSONDecoder()
        decoder.keyDecodingStrategy = .convertFromSnakeCase
        return try? decoder.decode(Figures.self, from: data)
    }

    /// The keys of `--json-errors`.
    private struct Reported: Decodable {
        struct Problem: Decodable {
            let code, message, remedy: String
        }
        let error: Problem
    }
}
