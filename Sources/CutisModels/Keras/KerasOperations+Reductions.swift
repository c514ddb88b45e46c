import CutisTensor

extension KerasOperations {
    static let reductions: [String: Body] = [
        "Sum": reduce { operation, x in
            try KerasReduction.over(x, axes: operation.axes) { try $0.sum($1, keepdim: operation.keepsDimensions) }
        },
        "Mean": reduceFloating { try $0.mean($1, keepdim: $2) },
        "Max": reduceNumbers { try $0.max($1, keepdim: $2) }, "Amax": reduceNumbers { try $0.max($1, keepdim: $2) },
        "Min": reduceNumbers { try $0.min($1, keepdim: $2) }, "Amin": reduceNumbers { try $0.min($1, keepdim: $2) },
        "Var": reduceFloating { try $0.variance($1, correction: 0, keepdim: $2) },
        "Std": reduceFloating { try $0.std($1, correction: 0, keepdim: $2) },
        "Logsumexp": reduceFloating { try $0.logsumexp($1, keepdim: $2) },
        "Any": reduce { try KerasReduction.any($1, axes: $0.axes, keep: $0.keepsDimensions) },
        "All": reduce { try KerasReduction.all($1, axes: $0.axes, keep: $0.keepsDimensions) },
        "CountNonzero": reduce { operation, x in
            try KerasReduction.over(x.ne(0).to(.int64), axes: operation.axes) { try $0.sum($1) }
        },
        "Average": reduce { operation, x in
            let input = try KerasNumbers.floating(x)
            guard let weights = operation.call.value(1, "weights") else {
                return try KerasReduction.over(input, axes: operation.axes) { try $0.mean($1) }
            }
            let share = try KerasNumbers.floating(KerasNumbers.operand(weights, device: operation.device))
            guard share.shape == input.shape else {
                throw KerasFault.unsupported("an average with weights of another shape than its values")
            }
            return try KerasReduction.over(input * share, axes: operation.axes) { try $0.sum($1) }
                / KerasReduction.over(share, axes: operation.axes) { try $0.sum($1) }
        },
        "Argmax": reduce { operation, x in
            guard let axis = operation.axes?.first else { return try x.reshape([x.count]).argmax(dim: 0) }
            return try x.argmax(dim: KerasLimits.axis(axis, rank: x.rank), keepdim: operation.keepsDimensions)
        },
        "Cumsum": reduce { operation, x in
            guard let axis = operation.axes?.first else { return try x.reshape([x.count]).cumsum(dim: 0) }
            return try x.cumsum(dim: KerasLimits.axis(axis, rank: x.rank))
        },
        "Norm": reduce { operation, x in
            let order = operation.setting("ord")
            guard order == nil || order?.double == 2 else {
                throw KerasFault.unsupported("a norm of another order than 2")
            }
            let squares = try KerasNumbers.floating(x).square()
            return try KerasReduction.over(squares, axes: operation.axes) {
                try $0.sum($1, keepdim: operation.keepsDimensions)
            }.sqrt()
        },
    ]

    private static func reduce(_ body: @escaping @Sendable (KerasOperation, Tensor) throws -> Tensor) -> Body {
        { operation in [try body(operation, try operation.x())] }
    }

    /// Over the axes of the operation, in float32.
    private static func reduceFloating(
        _ body: @escaping @Sendable (Tensor, [Int], Bool) throws -> Tensor
    ) -> Body {
        reduce { operation, x in
            try KerasReduction.over(KerasNumbers.floating(x), axes: operation.axes) {
                try body($0, $1, operation.keepsDimensions)
            }
        }
    }

    /// Over the axes of the operation, in the type of the input; booleans count as 0 and 1.
    private static func reduceNumbers(
        _ body: @escaping @Sendable (Tensor, [Int], Bool) throws -> Tensor
    ) -> Body {
        reduce { operation, x in
            let numbers = try x.dtype == .bool ? x.to(.int64) : x
            return try KerasReduction.over(numbers, axes: operation.axes) {
                try body($0, $1, operation.keepsDimensions)
            }
        }
    }
}
