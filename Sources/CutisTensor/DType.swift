import CTorch

/// The element type of a tensor.
public enum DType: Int32, Sendable, Hashable, CaseIterable {
    case float32, float16, bfloat16, float64, int8, uint8, int16, int32, int64, bool

    /// Bytes that one element takes.
    public var byteWidth: Int {
        switch self {
        case .int8, .uint8, .bool: 1
        case .float16, .bfloat16, .int16: 2
        case .float32, .int32: 4
        case .float64, .int64: 8
        }
    }

    /// Whether elements are floating-point numbers, which alone can have gradients.
    public var isFloatingPoint: Bool {
        switch self {
        case .float32, .float16, .bfloat16, .float64: true
        case .int8, .uint8, .int16, .int32, .int64, .bool: false
        }
    }

    var code: CTDType { CTDType(rawValue: UInt32(rawValue)) }

    // The shim describes tensors of these ten types only, so the fallback is never taken.
    init(_ code: CTDType) { self = DType(rawValue: Int32(code.rawValue)) ?? .float32 }
}

/// Where a tensor's elements live.
public enum Device: Sendable, Hashable, CustomStringConvertible {
    /// Host memory.
    case cpu
    /// The CUDA device with this index.
    case cuda(Int)

    /// `cpu` or `cuda:0`.
    public var description: String {
        switch self {
        case .cpu: "cpu"
        case .cuda(let index): "cuda:\(index)"
        }
    }

    var code: CTDevice {
        switch self {
        case .cpu: -1
        // A negative index must not turn into the code of the CPU: −2 is refused with a message.
        case .cuda(let index): index < 0 ? -2 : Int32(clamping: index)
        }
    }

    init(code: CTDevice) { self = code < 0 ? .cpu : .cuda(Int(code)) }
}
