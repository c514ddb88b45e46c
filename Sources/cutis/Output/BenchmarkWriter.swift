import CutisCore
import CutisInference
import Foundation

/// A benchmark as table, JSON or CSV.
struct BenchmarkWriter {
    let report: BenchmarkReport
    /// In bytes.
    let peakMemory: Int
    let cpu: String

    private var peakMegabytes: Double { rounded(Double(peakMemory) / 1e6, 1) }

    var json: OrderedJSON {
        .object([
            "architecture": .string(report.name),
            "image_size": .integer(report.imageSize),
            "precision": .string(report.precision.rawValue),
            "batch": .integer(report.batch),
            "threads": .integer(report.threads),
            "load_ms": .number(rounded(report.loadMilliseconds, 1)),
            "median_ms": .number(rounded(report.median, 3)),
            "min_ms": .number(rounded(report.minimum, 3)),
            "p95_ms": .number(rounded(report.p95, 3)),
            "images_per_s": .number(rounded(report.imagesPerSecond, 3)),
            "gflops": .number(rounded(report.gigaOperationsPerSecond, 1)),
            "peak_rss_mb": .number(peakMegabytes),
            "cpu": .string(cpu),
            "device": .string(report.device),
        ])
    }

    /// The columns of timm's `benchmark.py`; step times are milliseconds, MACs and parameters millions and thousands.
    var csv: String {
        let columns: KeyValuePairs = [
            "model": report.name,
            "infer_samples_per_sec": text(report.imagesPerSecond, 2),
            "infer_step_time": text(report.median, 3),
            "infer_batch_size": String(report.batch),
            "infer_img_size": String(report.imageSize),
            "infer_gmacs": text(report.gigaOperations / 2, 2),
            "param_count": text(Double(report.parameterCount) / 1e6, 2),
            "precision": report.precision.rawValue,
        ]
        return columns.map(\.key).joined(separator: ",") + "\n" + columns.map(\.value).joined(separator: ",") + "\n"
    }

    var table: String {
        let rows: KeyValuePairs = [
            "model": "\(report.name), \(report.imageSize) px, \(report.precision.rawValue), batch \(report.batch)",
            "machine": "\(cpu), \(report.threads) threads, \(report.device)",
            "load": "\(text(report.loadMilliseconds, 0)) ms",
            "median": "\(text(report.median, 2)) ms",
            "fastest": "\(text(report.minimum, 2)) ms",
            "p95": "\(text(report.p95, 2)) ms",
            "images/s": text(report.imagesPerSecond, 2),
            "GFLOP/s": text(report.gigaOperationsPerSecond, 0),
            "memory": "\(text(peakMegabytes, 0)) MB at most",
        ]
        return rows.map { "  " + $0.key.padding(toLength: 10, withPad: " ", startingAt: 0) + $0.value }
            .joined(separator: "\n") + "\n"
    }

    private func rounded(_ value: Double, _ digits: Int) -> Double {
        let scale = pow(10, Double(digits))
        return (value * scale).rounded() / scale
    }

    private func text(_ value: Double, _ digits: Int) -> String { String(format: "%.\(digits)f", value) }
}
