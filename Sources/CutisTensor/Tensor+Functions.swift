import CTorch

// Functions of each element. Integers give float32 where the result is not whole.
extension Tensor {
    /// The absolute value.
    public func abs() throws(TensorError) -> Tensor { try produce("abs", [self]) { ct_abs(self.handle, $0) } }

    /// −1, 0 or 1.
    public func sign() throws(TensorError) -> Tensor { try produce("sign", [self]) { ct_sign(self.handle, $0) } }

    /// Rounded down.
    public func floor() throws(TensorError) -> Tensor { try produce("floor", [self]) { ct_floor(self.handle, $0) } }

    /// Rounded up.
    public func ceil() throws(TensorError) -> Tensor { try produce("ceil", [self]) { ct_ceil(self.handle, $0) } }

    /// Rounded to the nearest, halves to even.
    public func round() throws(TensorError) -> Tensor { try produce("round", [self]) { ct_round(self.handle, $0) } }

    /// e to the power of each element.
    public func exp() throws(TensorError) -> Tensor { try produce("exp", [self]) { ct_exp(self.handle, $0) } }

    /// e to the power of each element, minus 1; exact near 0.
    public func expm1() throws(TensorError) -> Tensor { try produce("expm1", [self]) { ct_expm1(self.handle, $0) } }

    /// The natural logarithm.
    public func log() throws(TensorError) -> Tensor { try produce("log", [self]) { ct_log(self.handle, $0) } }

    /// log(1 + x), exact near 0.
    public func log1p() throws(TensorError) -> Tensor { try produce("log1p", [self]) { ct_log1p(self.handle, $0) } }

    /// The square root.
    public func sqrt() throws(TensorError) -> Tensor { try produce("sqrt", [self]) { ct_sqrt(self.handle, $0) } }

    /// 1 / √x.
    public func rsqrt() throws(TensorError) -> Tensor { try produce("rsqrt", [self]) { ct_rsqrt(self.handle, $0) } }

    /// 1 / x.
    public func reciprocal() throws(TensorError) -> Tensor {
        try produce("reciprocal", [self]) { ct_reciprocal(self.handle, $0) }
    }

    /// x².
    public func square() throws(TensorError) -> Tensor { try produce("square", [self]) { ct_square(self.handle, $0) } }

    /// The sine of radians.
    public func sin() throws(TensorError) -> Tensor { try produce("sin", [self]) { ct_sin(self.handle, $0) } }

    /// The cosine of radians.
    public func cos() throws(TensorError) -> Tensor { try produce("cos", [self]) { ct_cos(self.handle, $0) } }

    /// The error function.
    public func erf() throws(TensorError) -> Tensor { try produce("erf", [self]) { ct_erf(self.handle, $0) } }

    /// The inverse error function.
    public func erfinv() throws(TensorError) -> Tensor { try produce("erfinv", [self]) { ct_erfinv(self.handle, $0) } }
}
