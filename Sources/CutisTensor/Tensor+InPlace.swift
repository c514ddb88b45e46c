import CTorch

// Changes of this tensor's own elements, seen by all its views. A parameter that requires gradients is changed inside
// `withoutGrad`; a mapped tensor never.
extension Tensor {
    /// self ← self + alpha · other.
    public func addInPlace(_ other: Tensor, alpha: Double = 1) throws(TensorError) {
        try check("addInPlace", [self, other]) { ct_add_(self.handle, other.handle, alpha) }
    }

    /// self ← self + value.
    public func addInPlace(_ value: some TensorScalar) throws(TensorError) {
        try check("addInPlace", [self]) { ct_add_scalar_(self.handle, value.tensorScalar.code) }
    }

    /// self ← self · other.
    public func mulInPlace(_ other: Tensor) throws(TensorError) {
        try check("mulInPlace", [self, other]) { ct_mul_(self.handle, other.handle) }
    }

    /// self ← self · value.
    public func mulInPlace(_ value: some TensorScalar) throws(TensorError) {
        try check("mulInPlace", [self]) { ct_mul_scalar_(self.handle, value.tensorScalar.code) }
    }

    /// self ← self / other.
    public func divInPlace(_ other: Tensor) throws(TensorError) {
        try check("divInPlace", [self, other]) { ct_div_(self.handle, other.handle) }
    }

    /// self ← other, converted and broadcast, across devices too.
    public func copyInPlace(from other: Tensor) throws(TensorError) {
        try check("copyInPlace", [self, other]) { ct_copy_(self.handle, other.handle) }
    }

    /// self ← value.
    public func fillInPlace(_ value: some TensorScalar) throws(TensorError) {
        try check("fillInPlace", [self]) { ct_fill_(self.handle, value.tensorScalar.code) }
    }

    /// self ← 0.
    public func zeroInPlace() throws(TensorError) {
        try check("zeroInPlace", [self]) { ct_zero_(self.handle) }
    }

    /// self ← self + weight · (other − self).
    public func lerpInPlace(_ other: Tensor, _ weight: Double) throws(TensorError) {
        try check("lerpInPlace", [self, other]) { ct_lerp_(self.handle, other.handle, weight) }
    }

    /// self ← self + value · a · b.
    public func addcmulInPlace(_ a: Tensor, _ b: Tensor, value: Double = 1) throws(TensorError) {
        try check("addcmulInPlace", [self, a, b]) { ct_addcmul_(self.handle, a.handle, b.handle, value) }
    }

    /// self ← self + value · a / b.
    public func addcdivInPlace(_ a: Tensor, _ b: Tensor, value: Double = 1) throws(TensorError) {
        try check("addcdivInPlace", [self, a, b]) { ct_addcdiv_(self.handle, a.handle, b.handle, value) }
    }

    /// self ← self cut to [minimum, maximum]; one bound may be absent.
    public func clampInPlace(min minimum: Double? = nil, max maximum: Double? = nil) throws(TensorError) {
        try check("clampInPlace", [self]) {
            withOptional(minimum.map { Scalar.real($0).code }) { minimum in
                withOptional(maximum.map { Scalar.real($0).code }) { maximum in
                    ct_clamp_(self.handle, minimum, maximum)
                }
            }
        }
    }
}
