import CTorch

extension Tensor {
    /// A tensor over memory that `owner` keeps readable and unchanged (a mapped file): nothing is copied.
    ///
    /// The owner is retained until the last tensor, view or graph over this memory is gone, and released on whichever
    /// thread that happens; it must therefore be safe to release anywhere. Never change such a tensor in place: the
    /// memory may be read-only, which ends the process. `clone()` it first.
    ///
    /// - Parameters:
    ///   - address: The first element, at a multiple of the element's size.
    ///   - byteCount: Bytes that may be read from there; where given, a shape that needs more is refused.
    /// - Throws: `argument` for a misaligned address or too few bytes, `shape` for an impossible shape.
    public static func mapped(
        _ address: UnsafeRawPointer, byteCount: Int? = nil, shape: [Int], dtype: DType, owner: any AnyObject & Sendable
    ) throws(TensorError) -> Tensor {
        let context = Unmanaged.passRetained(owner).toOpaque()
        do throws(TensorError) {
            return try produce("mapped", []) {
                ct_tensor_from_blob(
                    address, byteCount ?? .max, shape, shape.count, dtype.code,
                    { context in
                        guard let context else { return }
                        Unmanaged<AnyObject>.fromOpaque(context).release()
                    }, context, $0)
            }
        } catch {
            // The shim calls the releaser only after a success.
            Unmanaged<AnyObject>.fromOpaque(context).release()
            throw error
        }
    }

    /// Calls `body` with the elements' bytes, in row-major order; throws where they are not contiguous or not on the
    /// CPU. The bytes are valid during the call only.
    package func withUnsafeBytes<R>(
        _ body: (UnsafeRawBufferPointer) throws(TensorError) -> R
    ) throws(TensorError) -> R {
        try withExtendedLifetime(self) { () throws(TensorError) in
            var address: UnsafeRawPointer?
            try check("withUnsafeBytes", [self]) { ct_tensor_data(handle, CT_CONTIGUOUS, &address) }
            return try body(UnsafeRawBufferPointer(start: address, count: count * dtype.byteWidth))
        }
    }

    /// As `withUnsafeBytes`, for writing. Not for mapped tensors.
    package func withUnsafeMutableBytes<R>(
        _ body: (UnsafeMutableRawBufferPointer) throws(TensorError) -> R
    ) throws(TensorError) -> R {
        try withExtendedLifetime(self) { () throws(TensorError) in
            var address: UnsafeMutableRawPointer?
            try check("withUnsafeMutableBytes", [self]) { ct_tensor_mutable_data(handle, &address) }
            return try body(UnsafeMutableRawBufferPointer(start: address, count: count * dtype.byteWidth))
        }
    }
}
