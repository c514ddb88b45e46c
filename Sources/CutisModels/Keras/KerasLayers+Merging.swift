import CutisTensor

extension KerasLayers {
    static let merging: [String: Maker] = [
        "Add": merge { try $0 + $1 }, "Multiply": merge { try $0 * $1 },
        "Maximum": merge { try $0.maximum($1) }, "Minimum": merge { try $0.minimum($1) },
        "Subtract": merge { try $0 - $1 },
        "Average": { _, _ in
            { call in
                let inputs = try call.inputs()
                let sum = try fold(inputs) { try $0 + $1 }
                return [KerasTensor(try sum / Double(inputs.count), mask: try mergedMask(inputs))]
            }
        },
        "Concatenate": { layer, _ in
            let axis = layer.config["axis"]?.whole ?? -1
            return { call in
                let inputs = try call.inputs()
                let output = try KerasShape.concatenate(inputs.map(\.tensor), axis: axis)
                return [KerasTensor(output, mask: try concatenatedMask(inputs, axis: axis))]
            }
        },
        "Dot": { layer, _ in
            guard let axes = layer.config["axes"]?.wholes, (1...2).contains(axes.count) else {
                throw KerasFault("its axes are neither a number nor two")
            }
            let normalises = layer.flag("normalize", default: false)
            return { call in
                let inputs = try call.inputs()
                guard inputs.count == 2 else { throw KerasFault("it has \(inputs.count) inputs instead of 2") }
                return [KerasTensor(try dot(inputs[0].tensor, inputs[1].tensor, axes: axes, unit: normalises))]
            }
        },
    ]

    private static func merge(_ body: @escaping @Sendable (Tensor, Tensor) throws -> Tensor) -> Maker {
        { _, _ in
            { call in
                let inputs = try call.inputs()
                return [KerasTensor(try fold(inputs, body), mask: try mergedMask(inputs))]
            }
        }
    }

    /// Joins the inputs pair by pair. A tensor of lower rank gets its missing axes after the batch, as in Keras.
    private static func fold(_ inputs: [KerasTensor], _ body: (Tensor, Tensor) throws -> Tensor) throws -> Tensor {
        let rank = inputs.map(\.tensor.rank).max() ?? 0
        let tensors = try inputs.map { input in
            let shape = input.tensor.shape
            guard shape.count < rank, let batch = shape.first else { return input.tensor }
            let padding = Array(repeating: 1, count: rank - shape.count)
            return try input.tensor.reshape([batch] + padding + shape.dropFirst())
        }
        guard let first = tensors.first else { throw KerasFault("it has no inputs") }
        return try tensors.dropFirst().reduce(first) { result, next in
            _ = try KerasLimits.broadcast(result.shape, next.shape)
            return try body(result, next)
        }
    }

    /// The masks joined by "or"; none where some input has none (Keras 3.5 and later).
    private static func mergedMask(_ inputs: [KerasTensor]) throws -> Tensor? {
        let masks = inputs.compactMap(\.mask)
        guard masks.count == inputs.count, let first = masks.first else { return nil }
        return try masks.dropFirst().reduce(first) { result, next in
            _ = try KerasLimits.broadcast(result.shape, next.shape)
            return try result.logicalOr(next)
        }
    }

    /// A step is kept where any of the joined features is; an input without a mask is kept as a whole.
    private static func concatenatedMask(_ inputs: [KerasTensor], axis: Int) throws -> Tensor? {
        guard inputs.contains(where: { $0.mask != nil }) else { return nil }
        let masks = try inputs.map { input -> Tensor in
            let shape = input.tensor.shape
            guard let mask = input.mask else {
                return try Tensor.ones(shape, dtype: .bool, device: input.tensor.device)
            }
            guard mask.rank < shape.count else { return mask }
            let wide = try mask.unsqueeze(-1)
            guard try KerasLimits.broadcast(wide.shape, shape) == shape else {
                throw KerasFault("a mask of shape \(mask.shape) does not fit an input of shape \(shape)")
            }
            return try wide.expand(shape)
        }
        return try KerasReduction.any(KerasShape.concatenate(masks, axis: axis), axes: [-1], keep: false)
    }

    /// The product of two tensors over one axis each, batch by batch.
    private static func dot(_ x: Tensor, _ y: Tensor, axes: [Int], unit normalises: Bool) throws -> Tensor {
        let first = try KerasLimits.axis(axes[0], rank: x.rank)
        let second = try KerasLimits.axis(axes[axes.count - 1], rank: y.rank)
        guard first > 0, second > 0, x.rank >= 2, y.rank >= 2, x.shape[0] == y.shape[0],
            x.shape[first] == y.shape[second]
        else { throw KerasFault("the shapes \(x.shape) and \(y.shape) do not fit over the axes \(axes)") }
        let a = try normalises ? unit(x, axes: [first], epsilon: 1e-7) : x
        let b = try normalises ? unit(y, axes: [second], epsilon: 1e-7) : y
        let left = (0..<x.rank).filter { $0 != first && $0 > 0 }
        let right = (0..<y.rank).filter { $0 != second && $0 > 0 }
        let (rows, columns) = (left.map { x.shape[$0] }, right.map { y.shape[$0] })
        try KerasLimits.check([x.shape[0]] + rows + columns)
        let inner = x.shape[first]
        let count = { (sizes: [Int]) in sizes.reduce(1, *) }
        let p = try a.permute([0] + left + [first]).reshape([x.shape[0], count(rows), inner])
        let q = try b.permute([0, second] + right).reshape([x.shape[0], inner, count(columns)])
        let shape = rows + columns
        return try p.matmul(q).reshape([x.shape[0]] + (shape.isEmpty ? [1] : shape))
    }
}
