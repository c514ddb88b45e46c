import CTorch

/// Why a tensor operation was refused, as data: which operation, on what, and the library's own sentence.
public struct TensorError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The kind of refusal.
    public enum Code: String, Sendable, Hashable, CaseIterable {
        /// Shapes do not fit the operation or each other.
        case shape
        /// The element type is wrong for the operation.
        case type
        /// An index or a dimension is out of range.
        case index
        /// Memory could not be allocated.
        case memory
        /// The device is absent, does not fit, or failed.
        case device
        /// An argument is invalid on its own.
        case argument
        /// There is no kernel for this operation, element type and device.
        case unsupported
        /// The recorded graph cannot give this gradient.
        case gradient
        /// The loaded LibTorch is not the one that the program was built for.
        case version
        /// Any other refusal by LibTorch.
        case compute
        /// A defect in the library.
        case `internal`
    }

    /// What one operand was.
    public struct Operand: Sendable, Hashable, CustomStringConvertible {
        /// Sizes, outermost first.
        public let shape: [Int]
        /// Element type.
        public let dtype: DType
        /// Where it lives.
        public let device: Device

        /// Shape and type, such as `[2, 3] float32`; the device where it is not the CPU.
        public var description: String {
            "\(shape) \(dtype)" + (device == .cpu ? "" : " on \(device)")
        }
    }

    /// The kind of refusal.
    public let code: Code
    /// The operation that was called.
    public let operation: String
    /// Its tensors, in order, without absent optional ones.
    public let operands: [Operand]
    /// The library's sentence, without a backtrace.
    public let message: String

    /// One line for people: operation, operands, message.
    public var description: String {
        let list = operands.map(\.description).joined(separator: ", ")
        return "\(operation)(\(list)): \(message)"
    }

    /// An error found on the Swift side of the boundary.
    package init(_ code: Code, _ operation: String, operands: [Tensor] = [], message: String) {
        self.code = code
        self.operation = operation
        self.operands = operands.map { Operand(shape: $0.shape, dtype: $0.dtype, device: $0.device) }
        self.message = message
    }
}

extension TensorError.Code {
    init(_ status: CTStatus) {
        self =
            switch status {
            case CT_SHAPE: .shape
            case CT_TYPE: .type
            case CT_INDEX: .index
            case CT_MEMORY: .memory
            case CT_DEVICE: .device
            case CT_ARGUMENT: .argument
            case CT_UNSUPPORTED: .unsupported
            case CT_GRADIENT: .gradient
            case CT_VERSION: .version
            case CT_COMPUTE: .compute
            default: .internal
            }
    }
}
