import CPeak
import CutisTensor

/// What a kernel multiplies.
enum Precision: String, CaseIterable, Codable {
    case fp32, bf16, int8

    var kind: CPeakKind {
        switch self {
        case .fp32: CPEAK_FLOAT32
        case .bf16: CPEAK_BFLOAT16
        case .int8: CPEAK_INT8
        }
    }

    /// The type of the numbers that a floating-point kernel reads.
    var dtype: DType { self == .bf16 ? .bfloat16 : .float32 }
}

/// The machine's best rate at one precision.
struct Peak: Codable {
    let precision: Precision
    let instruction: String
    let threads: Int
    let gflops: Double

    /// The best of several short measurements, so that a moment's disturbance does not lower it; nil where the CPU has
    /// no instruction for this precision.
    init?(_ precision: Precision, threads: Int) {
        guard let name = cpeak_instruction(precision.kind) else { return nil }
        let rates = (0..<3).map { _ in cpeak_measure(precision.kind, Int32(threads), 0.1) }
        guard let best = rates.max(), best > 0 else { return nil }
        self.precision = precision
        instruction = String(cString: name)
        self.threads = threads
        gflops = best / 1e9
    }

    /// The peaks of all precisions that the CPU has instructions for.
    static func all(threads: Int) -> [Peak] { Precision.allCases.compactMap { Peak($0, threads: threads) } }

    /// Of two measurements of the same peaks the better ones.
    static func best(_ some: [Peak], _ others: [Peak]) -> [Peak] {
        some.map { peak in
            let same = others.first { $0.precision == peak.precision }
            return same.map { $0.gflops > peak.gflops ? $0 : peak } ?? peak
        }
    }
}
