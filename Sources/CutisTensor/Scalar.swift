import CTorch

/// A number beside a tensor; it keeps whether it is whole, so that `integers + 2` stays an integer tensor.
public enum Scalar: Sendable, Hashable {
    case integer(Int)
    case real(Double)

    var code: CTScalar {
        switch self {
        case .integer(let value): CTScalar(is_integer: true, integer: Int64(value), real: Double(value))
        case .real(let value): CTScalar(is_integer: false, integer: 0, real: value)
        }
    }
}

/// Swift's numbers that may stand beside a tensor in an expression.
public protocol TensorScalar {
    /// The number as the tensor library takes it.
    var tensorScalar: Scalar { get }
}

extension Int: TensorScalar {
    /// A whole number.
    public var tensorScalar: Scalar { .integer(self) }
}

extension Double: TensorScalar {
    /// A real number.
    public var tensorScalar: Scalar { .real(self) }
}

extension Float: TensorScalar {
    /// A real number.
    public var tensorScalar: Scalar { .real(Double(self)) }
}

/// A vertical and a horizontal extent in elements, such as a stride or a kernel; `2` means 2 in both directions.
public struct Size2D: Sendable, Hashable, ExpressibleByIntegerLiteral {
    /// The vertical extent.
    public var height: Int
    /// The horizontal extent.
    public var width: Int

    /// Two extents.
    public init(height: Int, width: Int) {
        self.height = height
        self.width = width
    }

    /// The same extent in both directions.
    public init(_ both: Int) { self.init(height: both, width: both) }

    /// The same extent in both directions.
    public init(integerLiteral value: Int) { self.init(value) }

    var code: CTPair { CTPair(height: height, width: width) }
}
