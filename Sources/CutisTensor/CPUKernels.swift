import CKernels
import CTorch
import Foundation

/// Our own CPU kernels: which instructions they use, and what the CPU offers.
public enum CPUKernels {
    /// A level of instructions; each includes those before it.
    public enum Instructions: UInt32, Sendable, Hashable, CaseIterable, Comparable {
        case portable
        /// AVX2, FMA and F16C.
        case avx2
        /// AVX-512 F, BW, DQ and VL.
        case avx512
        /// AVX-512 with bf16 dot products.
        case avx512BF16

        /// `portable`, `avx2`, `avx512` or `avx512-bf16`.
        public init?(name: String) {
            guard let found = Self.allCases.first(where: { $0.name == name }) else { return nil }
            self = found
        }

        /// The name that `CUTIS_INSTRUCTIONS` takes.
        public var name: String {
            switch self {
            case .portable: "portable"
            case .avx2: "avx2"
            case .avx512: "avx512"
            case .avx512BF16: "avx512-bf16"
            }
        }

        /// By the order of the levels.
        public static func < (a: Instructions, b: Instructions) -> Bool { a.rawValue < b.rawValue }
    }

    /// The highest level that this CPU can run.
    public static var supported: Instructions { Instructions(rawValue: ck_supported().rawValue) ?? .portable }

    /// The highest level that this process may use: what the CPU has, or less where `CUTIS_INSTRUCTIONS` names less.
    public static let available: Instructions = {
        let wish = ProcessInfo.processInfo.environment["CUTIS_INSTRUCTIONS"].flatMap(Instructions.init(name:))
        let level = min(wish ?? supported, supported)
        _ = ck_limit(CKInstructions(rawValue: level.rawValue))
        return level
    }()

    /// The level that this thread uses.
    public static var selected: Instructions { Instructions(rawValue: ck_selected().rawValue) ?? .portable }

    /// Uses another level on this thread, for tests and comparisons; false where the CPU cannot run it.
    public static func select(_ level: Instructions) -> Bool { ck_select(CKInstructions(rawValue: level.rawValue)) }

    /// Whether the CPU has int8 dot products (AVX-512 VNNI or AVX-VNNI), and this process may use them.
    public static var hasInt8DotProducts: Bool {
        ck_has_int8_dot() && (available == supported || available >= .avx512)
    }

    /// Tasks on LibTorch's own threads, as many as this thread may use.
    static var runner: CKRunner {
        _ = available
        return CKRunner(
            run: { count, task, context in ct_parallel(count, task, context) }, workers: Int64(Runtime.threads))
    }
}

extension CKType {
    /// The kernels' type of a tensor's elements; nil for types that they do not take.
    init?(_ dtype: DType) {
        switch dtype {
        case .float32: self = CK_FLOAT32
        case .bfloat16: self = CK_BFLOAT16
        case .uint8: self = CK_UINT8
        default: return nil
        }
    }
}
