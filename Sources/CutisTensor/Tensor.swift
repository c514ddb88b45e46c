import CTorch

/// A dense array of numbers on a device: the thin owner of one LibTorch tensor.
///
/// Every operation throws `TensorError` and none ends the process; operators throw too, so one `try` covers a whole
/// expression. Shapes broadcast and element types promote as in PyTorch, and layouts are PyTorch's (`[out, in]`
/// weights, NCHW images). Views share memory with their source.
///
/// Not `Sendable`: a tensor stays with the thread or actor that made it. Only values taken out of it travel.
public final class Tensor {
    /// Owned; read it only inside the closures of Boundary.swift.
    let handle: OpaquePointer

    /// Sizes, outermost first; empty for a single number.
    public private(set) lazy var shape: [Int] = {
        let rank = details.rank
        return withExtendedLifetime(self) {
            Array(unsafeUninitializedCapacity: rank) { buffer, count in
                guard let base = buffer.baseAddress, rank > 0 else { return }
                count = ct_tensor_sizes(handle, base, rank) == CT_OK ? rank : 0
            }
        }
    }()

    // Nothing here changes the kind of a living tensor, so it is asked for once.
    private lazy var details: CTDescription = describe()

    init(adopting handle: OpaquePointer) { self.handle = handle }

    deinit { ct_tensor_free(handle) }

    /// Number of dimensions.
    public var rank: Int { details.rank }
    /// Number of elements.
    public var count: Int { details.count }
    /// Element type.
    public var dtype: DType { DType(details.dtype) }
    /// Where the elements live.
    public var device: Device { Device(code: details.device) }
    /// Whether operations on this tensor are recorded for gradients.
    public var requiresGrad: Bool { describe().requires_grad }
    /// Whether this is not the result of a recorded operation.
    public var isLeaf: Bool { describe().is_leaf }

    /// The size of one dimension; negative dimensions count from the end.
    public func size(_ dim: Int) throws(TensorError) -> Int {
        let index = dim < 0 ? dim + rank : dim
        guard shape.indices.contains(index) else {
            throw TensorError(.index, "size", operands: [self], message: "dimension \(dim) is out of range")
        }
        return shape[index]
    }

    private func describe() -> CTDescription {
        var result = CTDescription()
        // Cannot fail for a living handle.
        _ = withExtendedLifetime(self) { ct_tensor_describe(handle, &result) }
        return result
    }
}

@available(*, unavailable, message: "a tensor stays on the thread that made it: send values taken out of it")
extension Tensor: Sendable {}

extension Tensor: CustomStringConvertible {
    /// Shape, element type and device, not the elements.
    public var description: String {
        "Tensor(\(TensorError.Operand(shape: shape, dtype: dtype, device: device)))"
    }
}
