import CTorch

/// Runs `body` in mixed precision: matrix products and convolutions take float32 operands as `dtype`, what needs the
/// range stays in float32, and the rest goes on in the type that comes in (LibTorch's lists, those of `torch.autocast`).
///
/// Weights stay float32 and get float32 gradients. Only the forward pass belongs inside, the loss outside of it. The mode
/// belongs to the thread, so the scope is synchronous: nothing inside awaits.
///
/// - Parameters:
///   - dtype: bfloat16 or float16; float32 and nil compute as without.
///   - device: where the tensors live.
public func withAutocast<R>(_ dtype: DType?, device: Device = .cpu, _ body: () throws -> R) throws -> R {
    var scope: OpaquePointer?
    try check("withAutocast", []) { ct_autocast_enter(device.code, (dtype ?? .float32).code, &scope) }
    defer { ct_autocast_leave(scope) }
    return try body()
}

/// The type of mixed precision that is in force on this thread; nil where none is.
public func autocastType(device: Device = .cpu) -> DType? {
    var code = CT_FLOAT32
    // Cannot fail for a device that exists.
    _ = ct_autocast_dtype(device.code, &code)
    return code == CT_FLOAT32 ? nil : DType(code)
}
