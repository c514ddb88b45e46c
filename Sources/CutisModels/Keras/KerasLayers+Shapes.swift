import CutisTensor

extension KerasLayers {
    static let pooling: [String: Maker] = [
        "GlobalAveragePooling1D": { layer, _ in
            let (axis, keep) = try steps(layer)
            return { call in
                let x = try call.input().tensor
                guard x.rank == 3 else { throw KerasFault("its input of shape \(x.shape) has no steps") }
                guard let mask = call.mask() else { return [KerasTensor(try x.mean([axis], keepdim: keep))] }
                let kept = try mask.to(.bool).unsqueeze(axis == 1 ? 2 : 1)
                _ = try KerasLimits.broadcast(x.shape, kept.shape)
                let sum = try x.maskedFill(kept.logicalNot(), 0.0).sum([axis], keepdim: keep)
                return [KerasTensor(try sum / kept.to(x.dtype).sum([axis], keepdim: keep))]
            }
        },
        // Keras 3 gives this layer no mask: padding takes part in the maximum.
        "GlobalMaxPooling1D": { layer, _ in
            let (axis, keep) = try steps(layer)
            return unmasking { x in
                guard x.rank == 3 else { throw KerasFault("its input of shape \(x.shape) has no steps") }
                return try x.max([axis], keepdim: keep)
            }
        },
    ]

    static let shapes: [String: Maker] = [
        "Reshape": { layer, _ in
            guard let target = layer.config["target_shape"]?.elements else {
                throw KerasFault("it has no target_shape")
            }
            let sizes = target.map { $0.whole ?? -1 }
            return unmasking { x in try KerasShape.reshape(x, [x.shape.first ?? 1] + sizes) }
        },
        "Flatten": { layer, _ in
            guard layer.config["data_format"]?.text != "channels_first" else {
                throw KerasFault.unsupported("its data_format is channels_first")
            }
            return unmasking { x in
                guard let batch = x.shape.first else { throw KerasFault("its input has no batch") }
                return try x.reshape([batch, x.shape.dropFirst().reduce(1, *)])
            }
        },
        "Permute": { layer, _ in
            guard let dims = layer.config["dims"]?.wholes, dims.sorted() == Array(1...max(dims.count, 1)) else {
                throw KerasFault("its dims are no order of axes")
            }
            return unmasking { x in
                guard x.rank == dims.count + 1 else { throw KerasFault("its input has the shape \(x.shape)") }
                return try x.permute([0] + dims)
            }
        },
        "RepeatVector": { layer, _ in
            let count = try layer.size("n")
            return unmasking { x in
                guard x.rank == 2 else { throw KerasFault("its input of shape \(x.shape) is no row of features") }
                let shape = [x.shape[0], count, x.shape[1]]
                try KerasLimits.check(shape)
                return try x.unsqueeze(1).expand(shape)
            }
        },
    ]

    private static func steps(_ layer: KerasLayerDefinition) throws(KerasFault) -> (axis: Int, keep: Bool) {
        let isLast = layer.config["data_format"]?.text != "channels_first"
        return (isLast ? 1 : 2, layer.flag("keepdims", default: false))
    }
}

/// Shape operations that layers and raw operations share.
enum KerasShape {
    /// Joins tensors along an existing axis.
    static func concatenate(_ tensors: [Tensor], axis: Int) throws -> Tensor {
        guard let first = tensors.first else { throw KerasFault("it joins no tensors") }
        let place = try KerasLimits.axis(axis, rank: first.rank)
        guard tensors.allSatisfy({ $0.rank == first.rank }) else {
            throw KerasFault("it joins tensors of shapes \(tensors.map(\.shape))")
        }
        var shape = first.shape
        shape[place] = tensors.reduce(0) { $0 + $1.shape[place] }
        try KerasLimits.check(shape)
        return try Tensor.cat(tensors, dim: place)
    }

    /// Another shape for the same elements; one size may be −1.
    static func reshape(_ x: Tensor, _ shape: [Int]) throws -> Tensor {
        guard shape.count <= KerasLimits.maximumRank, shape.allSatisfy({ $0 >= -1 }),
            shape.filter({ $0 == -1 }).count <= 1
        else { throw KerasFault("the shape \(shape)") }
        try KerasLimits.check(shape.filter { $0 >= 0 })
        return try x.reshape(shape)
    }
}
