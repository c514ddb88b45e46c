import CTorch

// Comparisons give bool tensors. Named, not operators: `==` of Swift means equality of values, not a tensor of answers.
extension Tensor {
    /// Equal.
    public func eq(_ other: Tensor) throws(TensorError) -> Tensor { try compare("eq", CT_EQ, other) }
    /// Not equal.
    public func ne(_ other: Tensor) throws(TensorError) -> Tensor { try compare("ne", CT_NE, other) }
    /// Less.
    public func lt(_ other: Tensor) throws(TensorError) -> Tensor { try compare("lt", CT_LT, other) }
    /// Less or equal.
    public func le(_ other: Tensor) throws(TensorError) -> Tensor { try compare("le", CT_LE, other) }
    /// Greater.
    public func gt(_ other: Tensor) throws(TensorError) -> Tensor { try compare("gt", CT_GT, other) }
    /// Greater or equal.
    public func ge(_ other: Tensor) throws(TensorError) -> Tensor { try compare("ge", CT_GE, other) }

    /// Equal to a number.
    public func eq(_ value: some TensorScalar) throws(TensorError) -> Tensor { try compare("eq", CT_EQ, value) }
    /// Not equal to a number.
    public func ne(_ value: some TensorScalar) throws(TensorError) -> Tensor { try compare("ne", CT_NE, value) }
    /// Less than a number.
    public func lt(_ value: some TensorScalar) throws(TensorError) -> Tensor { try compare("lt", CT_LT, value) }
    /// Less than or equal to a number.
    public func le(_ value: some TensorScalar) throws(TensorError) -> Tensor { try compare("le", CT_LE, value) }
    /// Greater than a number.
    public func gt(_ value: some TensorScalar) throws(TensorError) -> Tensor { try compare("gt", CT_GT, value) }
    /// Greater than or equal to a number.
    public func ge(_ value: some TensorScalar) throws(TensorError) -> Tensor { try compare("ge", CT_GE, value) }

    /// Both not 0.
    public func logicalAnd(_ other: Tensor) throws(TensorError) -> Tensor {
        try produce("logicalAnd", [self, other]) { ct_logical_and(self.handle, other.handle, $0) }
    }

    /// One or both not 0.
    public func logicalOr(_ other: Tensor) throws(TensorError) -> Tensor {
        try produce("logicalOr", [self, other]) { ct_logical_or(self.handle, other.handle, $0) }
    }

    /// Is 0.
    public func logicalNot() throws(TensorError) -> Tensor {
        try produce("logicalNot", [self]) { ct_logical_not(self.handle, $0) }
    }

    /// Is neither NaN nor infinite.
    public func isFinite() throws(TensorError) -> Tensor {
        try produce("isFinite", [self]) { ct_isfinite(self.handle, $0) }
    }

    /// Is NaN.
    public func isNaN() throws(TensorError) -> Tensor {
        try produce("isNaN", [self]) { ct_isnan(self.handle, $0) }
    }

    /// `a` where the bool `condition` is true, else `b`.
    public static func `where`(_ condition: Tensor, _ a: Tensor, _ b: Tensor) throws(TensorError) -> Tensor {
        try produce("where", [condition, a, b]) { ct_where(condition.handle, a.handle, b.handle, $0) }
    }

    /// `value` where the bool `mask` is true, else this.
    public func maskedFill(_ mask: Tensor, _ value: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("maskedFill", [self, mask]) {
            ct_masked_fill(self.handle, mask.handle, value.tensorScalar.code, $0)
        }
    }

    /// Cut to [minimum, maximum]; one bound may be absent.
    public func clamp(min minimum: Double? = nil, max maximum: Double? = nil) throws(TensorError) -> Tensor {
        try produce("clamp", [self]) { out in
            withOptional(minimum.map { Scalar.real($0).code }) { minimum in
                withOptional(maximum.map { Scalar.real($0).code }) { maximum in
                    ct_clamp(self.handle, minimum, maximum, out)
                }
            }
        }
    }

    private func compare(
        _ name: StaticString, _ comparison: CTComparison, _ other: Tensor
    ) throws(TensorError) -> Tensor {
        try produce(name, [self, other]) { ct_compare(comparison, self.handle, other.handle, $0) }
    }

    private func compare(
        _ name: StaticString, _ comparison: CTComparison, _ value: some TensorScalar
    ) throws(TensorError) -> Tensor {
        try produce(name, [self]) { ct_compare_scalar(comparison, self.handle, value.tensorScalar.code, $0) }
    }
}
