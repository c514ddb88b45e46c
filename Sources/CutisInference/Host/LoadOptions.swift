package import CutisCore
package import CutisTensor

/// Where a model runs.
public enum DeviceChoice: String, Sendable, CaseIterable {
    /// CUDA where a GPU is, otherwise the CPU.
    case auto
    case cpu, cuda
}

/// In which numbers a model is kept and computed.
public enum Precision: String, Sendable, CaseIterable, Codable {
    case fp32
    /// On a CPU: stored fp16, computed fp32; on a GPU: computed fp16.
    case fp16
    /// Kept and computed bf16; on a CPU the residual stream, norms and sums stay fp32.
    case bf16
    /// What `cutis optimize` has quantised to int8; on a CPU only.
    case int8
}

/// How to load a model for inference.
public struct LoadOptions: Sendable {
    /// Where the model runs.
    public var device: DeviceChoice
    /// In which numbers; nil takes what the bundle names, else int8 for bundles that are quantised, otherwise fp32.
    public var precision: Precision?
    /// Threads within an operation; nil takes one per core.
    public var threads: Int?
    /// Whether a precision that the CPU does not have is replaced by fp32 instead of refused.
    public var fallsBack: Bool
    /// Whether every file is compared with its recorded SHA-256 first.
    public var checksFiles: Bool

    /// The defaults suit a clinic's machine: automatic device, the bundle's own precision, all cores, files checked.
    public init(
        device: DeviceChoice = .auto, precision: Precision? = nil, threads: Int? = nil, fallsBack: Bool = false,
        checksFiles: Bool = true
    ) {
        self.device = device
        self.precision = precision
        self.threads = threads
        self.fallsBack = fallsBack
        self.checksFiles = checksFiles
    }

    /// The device that this machine offers for the choice.
    ///
    /// - Throws: `CutisError` with `.deviceUnavailable` where CUDA was asked for and there is none.
    package func resolvedDevice() throws(CutisError) -> Device {
        switch device {
        case .cpu: return .cpu
        case .auto: return Runtime.isCUDAAvailable ? .cuda(0) : .cpu
        case .cuda:
            guard Runtime.isCUDAAvailable else {
                throw CutisError(
                    .deviceUnavailable, "There is no CUDA device that LibTorch \(Runtime.version) can use.",
                    remedy: "Use --device cpu, or install a CUDA build of LibTorch and the NVIDIA driver.")
            }
            return .cuda(0)
        }
    }
}
