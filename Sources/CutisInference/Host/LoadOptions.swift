import CutisCore
import CutisTensor

/// Where a model runs.
public enum DeviceChoice: String, Sendable, CaseIterable {
    /// CUDA where a GPU is, otherwise the CPU.
    case auto
    case cpu, cuda
}

/// In which numbers a model is kept and computed.
public enum Precision: String, Sendable, CaseIterable {
    case fp32
    /// On a CPU: stored fp16, computed fp32; on a GPU: computed fp16.
    case fp16
    case bf16
}

/// How to load a model for inference.
public struct LoadOptions: Sendable {
    /// Where the model runs.
    public var device: DeviceChoice
    /// In which numbers.
    public var precision: Precision
    /// Threads within an operation; nil takes one per core.
    public var threads: Int?
    /// Whether every file is compared with its recorded SHA-256 first.
    public var checksFiles: Bool

    /// The defaults suit a clinic's machine: automatic device, fp32, all cores, files checked.
    public init(
        device: DeviceChoice = .auto, precision: Precision = .fp32, threads: Int? = nil, checksFiles: Bool = true
    ) {
        self.device = device
        self.precision = precision
        self.threads = threads
        self.checksFiles = checksFiles
    }

    /// The device that this machine offers for the choice.
    ///
    /// - Throws: `CutisError` with `.deviceUnavailable` where CUDA was asked for and there is none.
    func resolvedDevice() throws(CutisError) -> Device {
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
