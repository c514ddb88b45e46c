import CTorch

// The only place where statuses become errors and raw handles become tensors.
//
// ARC may release a tensor as soon as its handle has been read. A handle is therefore read only inside the closures
// below, while `operands` (and the closure's own captures) hold the tensors alive until LibTorch has returned.

/// Calls the shim and turns a failure into an error. The message is read in the same synchronous stretch, because it
/// belongs to the thread.
func check(_ operation: StaticString, _ operands: [Tensor?], _ call: () -> CTStatus) throws(TensorError) {
    let status = withExtendedLifetime(operands) { call() }
    guard status != CT_OK else { return }
    throw failure(status, operation, operands)
}

/// Calls an operation of the shim that makes a tensor.
func produce(
    _ operation: StaticString, _ operands: [Tensor?], _ call: (UnsafeMutablePointer<OpaquePointer?>) -> CTStatus
) throws(TensorError) -> Tensor {
    Tensor(adopting: try produceHandle(operation, operands, call))
}

/// As `produce`, for initialisers, which need the handle itself.
func produceHandle(
    _ operation: StaticString, _ operands: [Tensor?], _ call: (UnsafeMutablePointer<OpaquePointer?>) -> CTStatus
) throws(TensorError) -> OpaquePointer {
    var handle: OpaquePointer?
    let status = withExtendedLifetime(operands) { call(&handle) }
    guard status == CT_OK, let handle else { throw failure(status, operation, operands) }
    return handle
}

/// Calls an operation of the shim that makes two tensors.
func produceTwo(
    _ operation: StaticString, _ operands: [Tensor?],
    _ call: (UnsafeMutablePointer<OpaquePointer?>, UnsafeMutablePointer<OpaquePointer?>) -> CTStatus
) throws(TensorError) -> (Tensor, Tensor) {
    var first: OpaquePointer?
    var second: OpaquePointer?
    let status = withExtendedLifetime(operands) { call(&first, &second) }
    guard status == CT_OK, let first, let second else { throw failure(status, operation, operands) }
    return (Tensor(adopting: first), Tensor(adopting: second))
}

/// Lends an optional number as a pointer, as the shim takes it.
func withOptional<Value, R>(_ value: Value?, _ body: (UnsafePointer<Value>?) -> R) -> R {
    guard let value else { return body(nil) }
    return withUnsafePointer(to: value) { body($0) }
}

private func failure(_ status: CTStatus, _ operation: StaticString, _ operands: [Tensor?]) -> TensorError {
    // Copied before anything else calls the shim: reading shapes would overwrite it.
    let message = String(cString: ct_last_error())
    return TensorError(
        TensorError.Code(status), "\(operation)", operands: operands.compactMap(\.self), message: message)
}
