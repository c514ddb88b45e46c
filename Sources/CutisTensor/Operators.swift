import CTorch

extension Tensor {
    /// The sum of each pair of elements.
    public static func + (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
        try produce("+", [left, right]) { ct_add(left.handle, right.handle, $0) }
    }

    /// The difference of each pair of elements.
    public static func - (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
        try produce("-", [left, right]) { ct_sub(left.handle, right.handle, $0) }
    }

    /// The product of each pair of elements (`matmul` is the matrix product).
    public static func * (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
        try produce("*", [left, right]) { ct_mul(left.handle, right.handle, $0) }
    }

    /// The quotient of each pair of elements; integers divide to float32.
    public static func / (left: Tensor, right: Tensor) throws(TensorError) -> Tensor {
        try produce("/", [left, right]) { ct_div(left.handle, right.handle, $0) }
    }

    /// Every element plus a number.
    public static func + (left: Tensor, right: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("+", [left]) { ct_add_scalar(left.handle, right.tensorScalar.code, $0) }
    }

    /// Every element minus a number.
    public static func - (left: Tensor, right: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("-", [left]) { ct_sub_scalar(left.handle, right.tensorScalar.code, $0) }
    }

    /// Every element times a number.
    public static func * (left: Tensor, right: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("*", [left]) { ct_mul_scalar(left.handle, right.tensorScalar.code, $0) }
    }

    /// Every element divided by a number.
    public static func / (left: Tensor, right: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("/", [left]) { ct_div_scalar(left.handle, right.tensorScalar.code, $0) }
    }

    /// A number plus every element.
    public static func + (left: some TensorScalar, right: Tensor) throws(TensorError) -> Tensor {
        try right + left
    }

    /// A number minus every element.
    public static func - (left: some TensorScalar, right: Tensor) throws(TensorError) -> Tensor {
        try produce("-", [right]) { ct_rsub_scalar(right.handle, left.tensorScalar.code, $0) }
    }

    /// A number times every element.
    public static func * (left: some TensorScalar, right: Tensor) throws(TensorError) -> Tensor {
        try right * left
    }

    /// A number divided by every element.
    public static func / (left: some TensorScalar, right: Tensor) throws(TensorError) -> Tensor {
        try right.reciprocal() * left
    }

    /// Every element with its sign changed.
    public static prefix func - (x: Tensor) throws(TensorError) -> Tensor {
        try produce("-", [x]) { ct_neg(x.handle, $0) }
    }

    /// Every element to a power.
    public func pow(_ exponent: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("pow", [self]) { ct_pow_scalar(self.handle, exponent.tensorScalar.code, $0) }
    }

    /// Every element to the power of its partner.
    public func pow(_ exponent: Tensor) throws(TensorError) -> Tensor {
        try produce("pow", [self, exponent]) { ct_pow(self.handle, exponent.handle, $0) }
    }

    /// The remainder of the division by a number, with the number's sign.
    public func remainder(_ divisor: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("remainder", [self]) { ct_remainder_scalar(self.handle, divisor.tensorScalar.code, $0) }
    }

    /// The quotient by a number, rounded down.
    public func floorDivide(_ divisor: some TensorScalar) throws(TensorError) -> Tensor {
        try produce("floorDivide", [self]) { ct_floor_divide_scalar(self.handle, divisor.tensorScalar.code, $0) }
    }

    /// The larger of each pair; NaN wins.
    public func maximum(_ other: Tensor) throws(TensorError) -> Tensor {
        try produce("maximum", [self, other]) { ct_maximum(self.handle, other.handle, $0) }
    }

    /// The smaller of each pair; NaN wins.
    public func minimum(_ other: Tensor) throws(TensorError) -> Tensor {
        try produce("minimum", [self, other]) { ct_minimum(self.handle, other.handle, $0) }
    }

    /// The angle of the point (x, this), in radians.
    public func atan2(_ x: Tensor) throws(TensorError) -> Tensor {
        try produce("atan2", [self, x]) { ct_atan2(self.handle, x.handle, $0) }
    }

    /// self + weight · (other − self).
    public func lerp(_ other: Tensor, _ weight: Double) throws(TensorError) -> Tensor {
        try produce("lerp", [self, other]) { ct_lerp(self.handle, other.handle, weight, $0) }
    }
}
