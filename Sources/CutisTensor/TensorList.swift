import CTorch

/// Changes of whole parameter lists at once, in place: what optimisers and moving averages are made of.
///
/// Lists that belong together have equal length and, element by element, one shape. Call inside `withoutGrad` where
/// the parameters require gradients. Steps on the CPU take one pass over the memory (LibTorch's fused kernels).
public enum TensorList {
    /// xᵢ ← xᵢ + alpha · yᵢ.
    public static func add(_ x: [Tensor], _ y: [Tensor], alpha: Double = 1) throws(TensorError) {
        try same("TensorList.add", x, y)
        guard !x.isEmpty else { return }
        try each("TensorList.add", x, y) { ct_foreach_add_($0, $1, x.count, alpha) }
    }

    /// xᵢ ← xᵢ + value.
    public static func add(_ x: [Tensor], _ value: some TensorScalar) throws(TensorError) {
        guard !x.isEmpty else { return }
        try each("TensorList.add", x) { ct_foreach_add_scalar_($0, x.count, value.tensorScalar.code) }
    }

    /// xᵢ ← xᵢ · value.
    public static func multiply(_ x: [Tensor], _ value: some TensorScalar) throws(TensorError) {
        guard !x.isEmpty else { return }
        try each("TensorList.multiply", x) { ct_foreach_mul_scalar_($0, x.count, value.tensorScalar.code) }
    }

    /// xᵢ ← xᵢ · factor, a tensor of rank 0.
    public static func multiply(_ x: [Tensor], _ factor: Tensor) throws(TensorError) {
        guard !x.isEmpty else { return }
        try withExtendedLifetime(factor) { () throws(TensorError) in
            try each("TensorList.multiply", x) { ct_foreach_mul_($0, x.count, factor.handle) }
        }
    }

    /// xᵢ ← xᵢ + weight · (yᵢ − xᵢ): a moving average.
    public static func lerp(_ x: [Tensor], _ y: [Tensor], _ weight: Double) throws(TensorError) {
        try same("TensorList.lerp", x, y)
        guard !x.isEmpty else { return }
        try each("TensorList.lerp", x, y) { ct_foreach_lerp_($0, $1, x.count, weight) }
    }

    /// xᵢ ← yᵢ.
    public static func copy(_ x: [Tensor], from y: [Tensor]) throws(TensorError) {
        try same("TensorList.copy", x, y)
        guard !x.isEmpty else { return }
        try each("TensorList.copy", x, y) { ct_foreach_copy_($0, $1, x.count) }
    }

    /// xᵢ ← 0.
    public static func zero(_ x: [Tensor]) throws(TensorError) {
        guard !x.isEmpty else { return }
        try each("TensorList.zero", x) { ct_foreach_zero_($0, x.count) }
    }

    /// The norm of all elements of all tensors, rank 0.
    public static func norm(_ x: [Tensor], order: Double = 2) throws(TensorError) -> Tensor {
        guard !x.isEmpty else { return try .scalar(0) }
        let handles = x.map(\.handle)
        return try withExtendedLifetime(x) { () throws(TensorError) in
            try produce("TensorList.norm", []) { ct_foreach_norm(handles, handles.count, order, $0) }
        }.norm(order: order)
    }

    /// Scales gradients down where their norm is above `maximum`: factor min(1, maximum / (norm + 1e-6)), as PyTorch's
    /// `clip_grad_norm_`. Returns the norm from before; where it is not finite, nothing is scaled.
    public static func clipNorm(_ gradients: [Tensor], maximum: Double) throws(TensorError) -> Double {
        let norm = try norm(gradients).item()
        if norm.isFinite, norm + 1e-6 > maximum {
            try multiply(gradients, maximum / (norm + 1e-6))
        }
        return norm
    }

    /// xᵢ ← xᵢ cut to ±maximum, as PyTorch's `clip_grad_value_`.
    public static func clipValue(_ x: [Tensor], maximum: Double) throws(TensorError) {
        guard !x.isEmpty else { return }
        try each("TensorList.clipValue", x) {
            ct_foreach_clamp_($0, x.count, Scalar.real(-maximum).code, Scalar.real(maximum).code)
        }
    }

    /// xᵢ ← xᵢ / scale in one pass; whether all of them were finite before.
    ///
    /// Takes 1 / scale in float32, as PyTorch's `GradScaler`. All tensors are on one device.
    public static func unscale(_ x: [Tensor], scale: Double) throws(TensorError) -> Bool {
        guard let first = x.first else { return true }
        let factor = try Tensor([Float(1 / scale)]).to(first.device)
        let handles = x.map(\.handle)
        let found = try withExtendedLifetime(x) { () throws(TensorError) in
            try produce("TensorList.unscale", [factor]) {
                ct_foreach_unscale(handles, handles.count, factor.handle, $0)
            }
        }
        return try found.item() == 0
    }

    static func same(_ operation: String, _ x: [Tensor], _ others: [Tensor]...) throws(TensorError) {
        for other in others where other.count != x.count {
            throw TensorError(
                .argument, operation, message: "lists of \(x.count) and \(other.count) tensors do not match")
        }
    }

    // The error names no operands: a list has hundreds.
    static func each(
        _ operation: StaticString, _ x: [Tensor], _ call: (UnsafePointer<OpaquePointer>) -> CTStatus
    ) throws(TensorError) {
        let handles = x.map(\.handle)
        try withExtendedLifetime(x) { () throws(TensorError) in
            try check(operation, []) { call(handles) }
        }
    }

    static func each(
        _ operation: StaticString, _ x: [Tensor], _ y: [Tensor],
        _ call: (UnsafePointer<OpaquePointer>, UnsafePointer<OpaquePointer>) -> CTStatus
    ) throws(TensorError) {
        let left = x.map(\.handle)
        let right = y.map(\.handle)
        try withExtendedLifetime((x, y)) { () throws(TensorError) in
            try check(operation, []) { call(left, right) }
        }
    }
}
