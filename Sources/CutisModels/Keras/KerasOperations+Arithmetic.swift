import CutisTensor

extension KerasOperations {
    static let arithmetic: [String: Body] = [
        "Add": numeric { try $0 + $1 }, "Subtract": numeric { try $0 - $1 },
        "Multiply": numeric { try $0 * $1 },
        "Divide": divide, "TrueDivide": divide,
        "DivideNoNan": binary { a, b in
            let divisor = try KerasNumbers.floating(b)
            let isZero = try divisor.eq(0)
            return try (KerasNumbers.floating(a) / divisor.maskedFill(isZero, 1.0)) * isZero.logicalNot().to(.float32)
        },
        "Power": numeric { try $0.pow($1) },
        "Maximum": numeric { try $0.maximum($1) }, "Minimum": numeric { try $0.minimum($1) },
        "Greater": binary { try $0.gt($1) }, "GreaterEqual": binary { try $0.ge($1) },
        "Less": binary { try $0.lt($1) }, "LessEqual": binary { try $0.le($1) },
        "Equal": binary { try $0.eq($1) }, "NotEqual": binary { try $0.ne($1) },
        "LogicalAnd": binary { try $0.ne(0).logicalAnd($1.ne(0)) },
        "LogicalOr": binary { try $0.ne(0).logicalOr($1.ne(0)) },
        "LogicalXor": binary { try $0.ne(0).ne($1.ne(0)) },
        "LogicalNot": { [try $0.x().ne(0).logicalNot()] },
        "Negative": { operation in
            let x = try operation.x()
            return [try -(x.dtype == .bool ? x.to(.int64) : x)]
        },
        "Matmul": { operation in
            let (a, b) = (
                try KerasNumbers.floating(operation.x(0, "x1")), try KerasNumbers.floating(operation.x(1, "x2"))
            )
            return [try product(a, b)]
        },
        "Dot": { operation in
            let (a, b) = (
                try KerasNumbers.floating(operation.x(0, "x1")), try KerasNumbers.floating(operation.x(1, "x2"))
            )
            guard a.rank <= 2 || b.rank <= 2 else {
                throw KerasFault.unsupported("a dot product of \(a.shape) and \(b.shape)")
            }
            return [try product(a, b)]
        },
        "Einsum": { operation in
            guard case .text(let equation) = operation.setting("subscripts") else {
                throw KerasFault("it has no subscripts")
            }
            var operands = operation.call.arguments
            if case .list(let inner) = operands.first, operands.count == 1 { operands = inner }
            let tensors = try operands.map {
                try KerasNumbers.floating(KerasNumbers.operand($0, device: operation.device))
            }
            return [try KerasEinsum(equation)(tensors)]
        },
    ]

    private static let divide: Body = binary { try KerasNumbers.floating($0) / KerasNumbers.floating($1) }

    /// A matrix product over the last two axes, with a check of the size of the result.
    private static func product(_ a: Tensor, _ b: Tensor) throws -> Tensor {
        if a.rank > 2 || b.rank > 2 {
            let batch = try KerasLimits.broadcast(Array(a.shape.dropLast(2)), Array(b.shape.dropLast(2)))
            try KerasLimits.check(batch + [a.shape.dropLast().last ?? 1, b.shape.last ?? 1])
        } else {
            try KerasLimits.check([a.shape.first ?? 1, b.shape.last ?? 1])
        }
        return try a.matmul(b)
    }

    static let functions: [String: Body] = [
        "Abs": unary { try $0.abs() }, "Absolute": unary { try $0.abs() }, "Sign": unary { try $0.sign() },
        "Exp": unary { try $0.exp() }, "Expm1": unary { try $0.expm1() }, "Log": unary { try $0.log() },
        "Log1p": unary { try $0.log1p() }, "Log2": unary { try $0.log() * 1.4426950408889634 },
        "Log10": unary { try $0.log() * 0.4342944819032518 }, "Sqrt": unary { try $0.sqrt() },
        "Rsqrt": unary { try $0.rsqrt() }, "Reciprocal": unary { try $0.reciprocal() },
        "Erf": unary { try $0.erf() }, "Tanh": unary { try $0.tanh() }, "Sigmoid": unary { try $0.sigmoid() },
        "Relu": unary { try $0.relu() }, "Relu6": unary { try $0.clamp(min: 0, max: 6) },
        "Silu": unary { try $0.silu() }, "Softplus": unary { try $0.softplus() },
        "Softsign": named("softsign"), "Selu": named("selu"), "HardSigmoid": named("hard_sigmoid"),
        "HardSilu": named("hard_silu"), "LogSigmoid": unary { try $0.logSigmoid() }, "Mish": named("mish"),
        "Square": { operation in
            let x = try operation.x()
            return [try x.dtype == .bool ? x.to(.int64) : x.square()]
        },
        "Floor": unary { try $0.floor() }, "Ceil": unary { try $0.ceil() }, "Isfinite": unary { try $0.isFinite() },
        "Isnan": unary { try $0.isNaN() },
        "Gelu": { operation in
            // The operation's default is the tanh approximation, the activation's the exact form.
            let isApproximate = if case .flag(false) = operation.setting("approximate") { false } else { true }
            return [try KerasNumbers.floating(operation.x()).gelu(approximate: isApproximate)]
        },
        "LeakyRelu": {
            [try KerasNumbers.floating($0.x()).leakyRelu(slope: $0.setting("negative_slope")?.double ?? 0.2)]
        },
        "Elu": { [try KerasNumbers.floating($0.x()).elu(alpha: $0.setting("alpha")?.double ?? 1)] },
        "ReLU": { operation in
            let x = try KerasNumbers.floating(operation.x())
            let limits = ("negative_slope", "max_value", "threshold")
            return [
                try KerasActivation.relu(
                    x, slope: operation.setting(limits.0)?.double ?? 0, maximum: operation.setting(limits.1)?.double,
                    threshold: operation.setting(limits.2)?.double ?? 0)
            ]
        },
        "Softmax": { operation in
            let x = try KerasNumbers.floating(operation.x())
            return [try KerasLayers.softmax(x, axes: operation.axes ?? Array(0..<x.rank), mask: nil)]
        },
        "LogSoftmax": { operation in
            let x = try KerasNumbers.floating(operation.x())
            let places = try KerasLimits.axes(operation.axes, rank: x.rank)
            return [try x - x.logsumexp(places, keepdim: true)]
        },
        "Normalize": { operation in
            let x = try KerasNumbers.floating(operation.x())
            guard operation.setting("order")?.whole ?? 2 == 2 else {
                throw KerasFault.unsupported("a normalisation of another order than 2")
            }
            let epsilon = operation.setting("epsilon")?.double ?? 1e-7
            return [try KerasLayers.unit(x, axes: operation.axes ?? [-1], epsilon: epsilon)]
        },
        "Clip": { operation in
            let low = operation.setting("x_min")?.double ?? operation.call.value(1, "x_min")?.double
            let high = operation.setting("x_max")?.double ?? operation.call.value(2, "x_max")?.double
            return [try KerasNumbers.floating(operation.x()).clamp(min: low, max: high)]
        },
    ]

    private static func named(_ name: String) -> Body {
        { operation in
            let x = try KerasNumbers.floating(operation.x())
            return [try KerasActivation.table[name]?(x) ?? x]
        }
    }
}
