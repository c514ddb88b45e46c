import CutisTensor

extension KerasLayers {
    static let activations: [String: Maker] = [
        "Activation": { layer, _ in
            let function = try KerasActivation.function(layer.config["activation"])
            return mapping { try function(KerasNumbers.floating($0)) }
        },
        "ReLU": { layer, _ in
            let slope = layer.config["negative_slope"]?.double ?? 0
            let maximum = layer.config["max_value"]?.double
            let threshold = layer.config["threshold"]?.double ?? 0
            return mapping { try KerasActivation.relu($0, slope: slope, maximum: maximum, threshold: threshold) }
        },
        "LeakyReLU": { layer, _ in
            let slope = layer.config["negative_slope"]?.double ?? layer.config["alpha"]?.double ?? 0.3
            return mapping { try $0.leakyRelu(slope: slope) }
        },
        "ELU": { layer, _ in
            let alpha = layer.config["alpha"]?.double ?? 1
            return mapping { try $0.elu(alpha: alpha) }
        },
        "PReLU": { layer, builder in
            let path = "\(layer.group)/vars/0"
            let rank = builder.weights.shape(path)?.count ?? 1
            guard rank < KerasLimits.maximumRank else { throw KerasFault("its slopes have \(rank) dimensions") }
            let slope = try builder.weights.variable(path, shape: Array(repeating: nil, count: rank))
            return mapping { x in
                _ = try KerasLimits.broadcast(x.shape, slope.shape)
                return try x.relu() - slope * (-x).relu()
            }
        },
        "Softmax": { layer, _ in
            let axes = layer.config["axis"]?.wholes ?? [-1]
            return { call in
                let input = try call.input()
                let mask = call.mask()
                return [KerasTensor(try softmax(input.tensor, axes: axes, mask: mask), mask: mask)]
            }
        },
    ]

    /// Keras's Softmax layer: masked values become −10⁹ before and 0 after.
    ///
    /// - Parameter mask: true (or above one half) where a value takes part; must broadcast to x.
    static func softmax(_ x: Tensor, axes: [Int], mask: Tensor?) throws -> Tensor {
        let places = try KerasLimits.axes(axes, rank: x.rank)
        let kept = try mask.map { try $0.dtype == .bool ? $0 : $0.gt(0.5) }
        var scores = x
        if let kept {
            guard try KerasLimits.broadcast(x.shape, kept.shape) == x.shape else {
                throw KerasFault("its mask of shape \(kept.shape) does not fit scores of shape \(x.shape)")
            }
            scores = try x.maskedFill(kept.logicalNot(), -1e9)
        }
        let weights: Tensor
        if places.count == 1 {
            weights = try scores.softmax(dim: places[0])
        } else {
            weights = try (scores - scores.logsumexp(places, keepdim: true)).exp()
        }
        return try kept.map { try weights.maskedFill($0.logicalNot(), 0.0) } ?? weights
    }
}
