import CutisTensor

extension KerasLayers {
    static let normalisations: [String: Maker] = [
        "LayerNormalization": layerNormalisation, "BatchNormalization": batchNormalisation,
        "Normalization": statistics,
        "UnitNormalization": { layer, _ in
            let axes = layer.config["axis"]?.wholes ?? [-1]
            return mapping { try unit($0, axes: axes, epsilon: 1e-12) }
        },
        "Rescaling": { layer, _ in
            guard let scale = layer.config["scale"]?.double, let offset = layer.config["offset"]?.double else {
                throw KerasFault.unsupported("its scale and offset are not single numbers")
            }
            return mapping { try KerasNumbers.floating($0) * scale + offset }
        },
    ]

    /// (x − mean) / √(variance + ε) · gamma + beta over the last axes; Keras's ε is 10⁻³ unless the config says other.
    @Sendable private static func layerNormalisation(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        guard !layer.flag("rms_scaling", default: false) else {
            throw KerasFault.unsupported("its rms_scaling is on")
        }
        let epsilon = layer.config["epsilon"]?.double ?? 1e-3
        let axes = layer.config["axis"]?.wholes ?? [-1]
        let shape: [Int?] = Array(repeating: nil, count: axes.count)
        var next = 0
        func parameter(_ key: String) throws -> Tensor? {
            guard layer.flag(key, default: true) else { return nil }
            defer { next += 1 }
            return try builder.weights.variable("\(layer.group)/vars/\(next)", shape: shape)
        }
        let gamma = try parameter("scale")
        let beta = try parameter("center")
        return mapping { x in
            let places = try KerasLimits.axes(axes, rank: x.rank).sorted()
            guard places == Array((x.rank - places.count)..<x.rank) else {
                throw KerasFault.unsupported("it normalises the axes \(axes), which are not the last ones")
            }
            let sizes = places.map { x.shape[$0] }
            return try x.layerNorm(sizes, weight: gamma, bias: beta, eps: epsilon)
        }
    }

    /// Normalises by the moving statistics; variables in the order gamma, beta, moving mean, moving variance.
    @Sendable private static func batchNormalisation(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        let epsilon = layer.config["epsilon"]?.double ?? 1e-3
        let axis = layer.config["axis"]?.wholes?.first ?? -1
        var next = 0
        func variable() throws -> Tensor {
            defer { next += 1 }
            return try builder.weights.variable("\(layer.group)/vars/\(next)", shape: [nil])
        }
        let gamma = try layer.flag("scale", default: true) ? variable() : nil
        let beta = try layer.flag("center", default: true) ? variable() : nil
        let mean = try variable()
        let variance = try variable()
        // x · factor + shift, so that inference is one multiplication and one addition.
        let deviation = try (variance + epsilon).rsqrt()
        let factor = try gamma.map { try $0 * deviation } ?? deviation
        let shift = try beta.map { try $0 - mean * factor } ?? -(mean * factor)
        return mapping { x in
            let place = try KerasLimits.axis(axis, rank: x.rank)
            var shape = Array(repeating: 1, count: x.rank)
            shape[place] = factor.count
            guard factor.count == x.shape[place] else {
                throw KerasFault("it has \(factor.count) channels and its input of shape \(x.shape) has not")
            }
            return try x * factor.reshape(shape) + shift.reshape(shape)
        }
    }

    /// (x − mean) / max(√variance, 10⁻⁷) with statistics of the training data, stored or in the config.
    @Sendable private static func statistics(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        let axes = layer.config["axis"]?.wholes ?? []
        guard axes.count <= 1 else { throw KerasFault.unsupported("it keeps the axes \(axes); one is supported") }
        let inverts = layer.flag("invert", default: false)
        func values(_ key: String, at index: Int) throws -> Tensor {
            if let number = layer.config[key]?.double { return try Tensor([Float(number)], device: builder.device) }
            if let numbers = layer.config[key]?.elements?.compactMap(\.double), !numbers.isEmpty {
                return try Tensor(numbers.map { Float($0) }, device: builder.device)
            }
            return try builder.weights.variable("\(layer.group)/vars/\(index)", shape: axes.isEmpty ? [] : [nil])
        }
        let mean = try values("mean", at: 0)
        let deviation = try values("variance", at: 1).sqrt().clamp(min: 1e-7)
        builder.weights.ignore("\(layer.group)/vars/2", reason: "how many samples made the statistics")
        return mapping { input in
            let x = try KerasNumbers.floating(input)
            var shape = Array(repeating: 1, count: x.rank)
            if let axis = axes.first, mean.count > 1 { shape[try KerasLimits.axis(axis, rank: x.rank)] = mean.count }
            _ = try KerasLimits.broadcast(x.shape, shape)
            let (m, d) = (try mean.reshape(shape), try deviation.reshape(shape))
            return inverts ? try m + x * d : try (x - m) / d
        }
    }

    /// x / ‖x‖ over some axes, the norm at least ε.
    static func unit(_ x: Tensor, axes: [Int], epsilon: Double) throws -> Tensor {
        let places = try KerasLimits.axes(axes, rank: x.rank)
        let inverse = try x.square().sum(places, keepdim: true).rsqrt().clamp(max: 1 / epsilon)
        return try x * inverse
    }
}
