import CutisTensor

extension KerasLayers {
    static let attention: [String: Maker] = ["MultiHeadAttention": multiHeadAttention]

    /// Scaled dot-product attention over axis 1 with several heads (Vaswani et al. 2017).
    ///
    /// The projections are child groups `query_dense`, `key_dense`, `value_dense` (kernel [in, heads, width]) and
    /// `output_dense` (kernel [heads, width, out]). Steps that the mask of the query or the value leaves out neither
    /// ask nor answer; the output carries the query's mask.
    @Sendable private static func multiHeadAttention(
        _ layer: KerasLayerDefinition, _ builder: KerasBuilder
    ) throws -> KerasFunction {
        let axes = layer.config["attention_axes"]?.wholes ?? [1]
        let window = layer.config["sliding_window"].map { !$0.isNull } ?? false
        guard axes == [1], !window, !layer.flag("use_gate", default: false) else {
            throw KerasFault.unsupported("it attends in another way than over axis 1 (or with a gate or a window)")
        }
        let projections = try AttentionProjections(layer, builder)
        return { call in
            let query = try call.input(0, "query")
            let value = try call.input(1, "value")
            let key = call.value(2, "key") == nil ? value : try call.input(2, "key")
            for name in ["use_causal_mask", "return_attention_scores"] {
                if case .flag(true) = call.keywords[name] { throw KerasFault.unsupported("its call sets \(name)") }
            }
            var mask = try query.mask?.to(.bool).unsqueeze(-1)
            func restrict(_ other: Tensor?) throws {
                guard let other else { return }
                if let known = mask { _ = try KerasLimits.broadcast(known.shape, other.shape) }
                mask = try mask?.logicalAnd(other) ?? other
            }
            try restrict(value.mask?.to(.bool).unsqueeze(-2))
            if call.value(2, "key") != nil { try restrict(key.mask?.to(.bool).unsqueeze(-2)) }
            if call.value(6, "attention_mask") != nil {
                try restrict(call.input(6, "attention_mask").tensor.to(.bool))
            }
            let output = try projections(
                query: query.tensor, key: key.tensor, value: value.tensor, mask: mask.map { try $0.unsqueeze(1) })
            return [KerasTensor(output, mask: query.mask)]
        }
    }
}

/// The four projections of a multi-head attention layer.
private struct AttentionProjections {
    private struct Projection {
        let kernel: Tensor
        let bias: Tensor?
    }

    private let query: Projection
    private let key: Projection
    private let value: Projection
    private let output: Projection
    private let scale: Double
    /// With dropout Keras takes another path, on which a step that may attend to nothing gets zeros instead of a mean.
    private let zeroesMasked: Bool

    init(_ layer: KerasLayerDefinition, _ builder: KerasBuilder) throws {
        let heads = try layer.size("num_heads")
        let width = try layer.size("key_dim")
        let valueWidth = layer.config["value_dim"]?.whole ?? width
        let usesBias = layer.flag("use_bias", default: true)
        func projection(_ name: String, kernel: [Int?], bias: [Int?]) throws -> Projection {
            let group = "\(layer.group)/\(name)/vars"
            return Projection(
                kernel: try builder.weights.variable("\(group)/0", shape: kernel),
                bias: usesBias ? try builder.weights.variable("\(group)/1", shape: bias) : nil)
        }
        query = try projection("query_dense", kernel: [nil, heads, width], bias: [heads, width])
        key = try projection("key_dense", kernel: [nil, heads, width], bias: [heads, width])
        value = try projection("value_dense", kernel: [nil, heads, valueWidth], bias: [heads, valueWidth])
        output = try projection("output_dense", kernel: [heads, valueWidth, nil], bias: [nil])
        scale = 1 / Double(width).squareRoot()
        zeroesMasked = layer.config["dropout"]?.double ?? 0 > 0
    }

    /// - Parameter mask: bool [batch, 1, queries, keys], or nil.
    func callAsFunction(query q: Tensor, key k: Tensor, value v: Tensor, mask: Tensor?) throws -> Tensor {
        let split = try KerasEinsum("btd,dhw->bhtw")
        func project(_ x: Tensor, _ projection: Projection) throws -> Tensor {
            let heads = try split([x, projection.kernel])
            return try projection.bias.map { try heads + $0.unsqueeze(1) } ?? heads
        }
        let (queries, keys, values) = (try project(q, query), try project(k, key), try project(v, value))
        let product = try KerasEinsum("bhtw,bhsw->bhts")
        var scores = try product([queries * scale, keys])
        if let mask {
            _ = try KerasLimits.broadcast(scores.shape, mask.shape)
            scores = try scores.maskedFill(mask.logicalNot(), -1e9)
        }
        var weights = try scores.softmax(dim: -1)
        if zeroesMasked, let mask { weights = try weights.maskedFill(mask.logicalNot(), 0.0) }
        let sum = try KerasEinsum("bhts,bhsw->bthw")
        let join = try KerasEinsum("bthw,hwo->bto")
        let joined = try join([sum([weights, values]), output.kernel])
        return try output.bias.map { try joined + $0 } ?? joined
    }
}
