import CutisTensor

/// The built-in layers of Keras 3 that heads over image embeddings use.
///
/// Masks follow Keras 3: a layer with mask support passes the mask of its first input on; any other layer drops it.
enum KerasLayers {
    /// Makes what a layer does from its config and weights.
    typealias Maker = @Sendable (KerasLayerDefinition, KerasBuilder) throws -> KerasFunction

    /// All layers by class name.
    static let table: [String: Maker] = [
        core, activations, normalisations, merging, pooling, shapes, attention,
    ].reduce(into: [:]) { $0.merge($1) { first, _ in first } }

    /// Layers that do something in training only, and those that do nothing.
    static let identities: Set<String> = [
        "Dropout", "SpatialDropout1D", "SpatialDropout2D", "SpatialDropout3D", "GaussianDropout", "GaussianNoise",
        "AlphaDropout", "ActivityRegularization", "Identity",
    ]

    private static let core: [String: Maker] = identities.reduce(
        into: ["Dense": dense, "EinsumDense": einsumDense, "Masking": masking, "TimeDistributed": timeDistributed]
    ) { table, name in
        table[name] = { _, _ in { call in [try call.input()] } }
    }

    /// A layer that maps one tensor to one and passes the mask on.
    static func mapping(_ body: @escaping (Tensor) throws -> Tensor) -> KerasFunction {
        { call in
            let input = try call.input()
            return [KerasTensor(try body(input.tensor), mask: input.mask)]
        }
    }

    /// A layer that maps one tensor to one and drops the mask.
    static func unmasking(_ body: @escaping (Tensor) throws -> Tensor) -> KerasFunction {
        { call in [KerasTensor(try body(try call.input().tensor))] }
    }

    /// x · kernel + bias, activation; kernel [in, out] over the last axis.
    @Sendable private static func dense(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        try requirePlainWeights(layer)
        let units = try layer.size("units")
        let kernel = try builder.weights.variable("\(layer.group)/vars/0", shape: [nil, units])
        let bias =
            try layer.flag("use_bias", default: true)
            ? builder.weights.variable("\(layer.group)/vars/1", shape: [units]) : nil
        // PyTorch's orientation, laid out once.
        let weight = try kernel.transpose(0, 1).contiguous()
        let activation = try KerasActivation.function(layer.config["activation"])
        return mapping { try activation(KerasNumbers.floating($0).linear(weight, bias)) }
    }

    /// An Einstein summation with a kernel, a bias over some axes, activation. It drops the mask, as Keras does.
    @Sendable private static func einsumDense(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        try requirePlainWeights(layer)
        let equation = try KerasEinsum(layer.config["equation"]?.text ?? "")
        guard equation.operands.count == 2 else { throw KerasFault("its equation does not have two operands") }
        let rank = equation.operands[1].count
        let kernel = try builder.weights.variable("\(layer.group)/vars/0", shape: Array(repeating: nil, count: rank))
        var bias: Tensor?
        if let axes = layer.config["bias_axes"]?.text {
            let stored = builder.weights.shape("\(layer.group)/vars/1")?.count ?? axes.count
            guard stored <= KerasLimits.maximumRank else { throw KerasFault("its bias has \(stored) dimensions") }
            bias = try builder.weights.variable(
                "\(layer.group)/vars/1", shape: Array(repeating: nil, count: stored))
        }
        let activation = try KerasActivation.function(layer.config["activation"])
        return unmasking { x in
            let product = try equation([KerasNumbers.floating(x), kernel])
            guard let bias else { return try activation(product) }
            _ = try KerasLimits.broadcast(product.shape, bias.shape)
            return try activation(product + bias)
        }
    }

    /// Zeroes the steps that hold nothing but the mask value, and attaches the mask of the others.
    @Sendable private static func masking(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        let value = layer.config["mask_value"]?.double ?? 0
        return { call in
            let x = try call.input().tensor
            let kept = try KerasReduction.any(x.ne(value), axes: [-1], keep: true)
            let output = try x.maskedFill(kept.logicalNot(), 0.0)
            return [KerasTensor(output, mask: try kept.squeeze(-1))]
        }
    }

    /// Applies the wrapped layer to every step of axis 1: the steps join the batch.
    @Sendable private static func timeDistributed(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        guard let inner = layer.wrapped.first else { throw KerasFault("it wraps no layer") }
        let function = try builder.function(inner, shapes: [:])
        return { call in
            let input = try call.input()
            let shape = input.tensor.shape
            guard shape.count >= 3 else { throw KerasFault("its input of shape \(shape) has no steps") }
            let steps = try input.tensor.reshape([shape[0] * shape[1]] + shape[2...])
            let results = try function(KerasCall([.tensor(KerasTensor(steps))], run: call.run))
            guard let result = results.first?.tensor else { throw KerasFault("its layer gives nothing") }
            let output = try result.reshape([shape[0], shape[1]] + result.shape.dropFirst())
            return [KerasTensor(output, mask: call.mask())]
        }
    }

    /// Refuses quantised and adapted (LoRA) weights, which are stored in other variables.
    private static func requirePlainWeights(_ layer: KerasLayerDefinition) throws(KerasFault) {
        let isQuantised = layer.config["dtype"]?["class_name"]?.text?.contains("Quantized") ?? false
        let hasRank = layer.config["lora_rank"].map { !$0.isNull } ?? false
        guard !isQuantised, !hasRank, layer.config["quantization_config"]?.isNull ?? true else {
            throw .unsupported("its weights are quantised or adapted (LoRA)")
        }
    }
}

extension KerasLayerDefinition {
    /// The group of the layer's weights.
    var group: String { weightPath ?? "" }

    /// A size in the config, 1…1,000,000.
    func size(_ key: String) throws(KerasFault) -> Int {
        guard let value = config[key]?.whole, (1...1_000_000).contains(value) else {
            throw KerasFault("its \(key) is no size from 1 to 1000000")
        }
        return value
    }

    /// A truth value in the config.
    func flag(_ key: String, default standard: Bool) -> Bool { config[key]?.flag ?? standard }
}
