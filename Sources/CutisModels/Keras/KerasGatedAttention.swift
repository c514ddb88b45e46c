import CutisTensor

/// Custom attention-pooling layers: aₖ = softmaxₖ(w(tanh(V hₖ) ⊙ σ(U hₖ))) over axis 1, Σ aₖ hₖ.
///
/// The file holds the weights of such a layer and not its code. Taken for granted is the formula of Ilse et al. (2018),
/// or its form without the gate where there is no U:
/// - Sub-layers are told apart by their attribute names (`roles`), own weights by their shapes and, between V and U,
///   by their order: V before U.
/// - Keras notes `mask` among the arguments of a call exactly where the class's `call` takes one. With a mask, scores
///   of steps that it leaves out become −10⁹ before the soft-max, so that padding gets no weight; without one, every
///   row counts, padding too.
/// - What comes out is told by the shapes that the file notes: [batch, width] pooled, [batch, images, 1] attention.
enum KerasGatedAttention {
    private struct Branch {
        let kernel: Tensor
        let bias: Tensor?

        func callAsFunction(_ x: Tensor) throws -> Tensor { try x.linear(kernel, bias) }
    }

    static func function(
        _ layer: KerasLayerDefinition, shapes: [KerasTensorKey: [Int?]], builder: KerasBuilder
    ) throws -> KerasFunction {
        let mapping = builder.mappings.first(where: layer.isDescribed)
        if mapping?.kind == .identity { return { call in [try call.input()] } }
        let parts = try KerasAttentionParts(layer, mapping: mapping, builder: builder)
        let score = try branch(parts.score, in: layer, outputs: 1, builder)
        let tanh = try branch(parts.tanh, in: layer, outputs: nil, builder)
        let sigmoid = try parts.sigmoid.map { try branch($0, in: layer, outputs: nil, builder) }
        let width = builder.weights.shape("\(layer.group)/\(parts.tanh[0])")?.first ?? 0
        let outputs = mapping?.outputs.map { $0.map { Form(output: $0, rank: nil) } } ?? forms(layer, shapes, width)
        let takesMask = layer.nodes.contains { $0.keywords["mask"] != nil }
        let appliesMask = mapping?.mask.map { $0 == .applied } ?? takesMask
        let title = layer.registeredName ?? layer.className
        let kind = sigmoid == nil ? "attention" : "gated attention"
        builder.assume(
            "\(layer.name) (\(title)) is computed as \(kind): tanh \(parts.tanh[0]), "
                + (parts.sigmoid.map { "sigmoid \($0[0]), " } ?? "")
                + "score \(parts.score[0]), mask \(appliesMask ? "applied before the soft-max" : "not used")")
        return { call in
            let h = try call.input().tensor
            guard h.rank == 3 else { throw KerasFault("its input of shape \(h.shape) is no bag") }
            var gate = try tanh(h).tanh()
            if let sigmoid { gate = try gate * sigmoid(h).sigmoid() }
            var scores = try score(gate)
            if appliesMask, let mask = call.mask() {
                let kept = try mask.to(.bool).reshape([mask.count / max(h.shape[1], 1), h.shape[1], 1])
                _ = try KerasLimits.broadcast(scores.shape, kept.shape)
                scores = try scores.maskedFill(kept.logicalNot(), -1e9)
            }
            let attention = try scores.softmax(dim: 1)
            call.noteAttention(attention)
            return try outputs.map { form in
                switch form.output {
                case .pooled: return KerasTensor(try (attention * h).sum([1]))
                case .weighted: return KerasTensor(try attention * h)
                case .attention: return KerasTensor(form.rank == 2 ? try attention.squeeze(-1) : attention)
                }
            }
        }
    }

    private static func branch(
        _ paths: [String], in layer: KerasLayerDefinition, outputs: Int?, _ builder: KerasBuilder
    ) throws -> Branch {
        guard (1...2).contains(paths.count) else {
            throw KerasFault("its mapping names \(paths.count) paths for one part")
        }
        let kernel = try builder.weights.variable("\(layer.group)/\(paths[0])", shape: [nil, outputs])
        let bias = paths.count > 1 ? try builder.weights.variable("\(layer.group)/\(paths[1])", shape: [nil]) : nil
        return Branch(kernel: try kernel.transpose(0, 1).contiguous(), bias: bias)
    }

    private struct Form {
        let output: KerasCustomLayerMapping.Output
        /// How many dimensions the file notes; nil where it says nothing.
        let rank: Int?
    }

    /// The outputs that the readers of the layer expect.
    private static func forms(
        _ layer: KerasLayerDefinition, _ shapes: [KerasTensorKey: [Int?]], _ width: Int
    ) -> [Form] {
        let known = shapes.filter { $0.key.layer == layer.name }
        let count = min((known.keys.map(\.tensor).max() ?? 0) + 1, 2)
        var forms = (0..<count).map { index -> Form? in
            guard let shape = known.first(where: { $0.key.tensor == index })?.value, let last = shape.last else {
                return nil
            }
            switch (shape.count, last) {
            case (3, width) where width != 1: return Form(output: .weighted, rank: 3)
            case (3, _): return Form(output: .attention, rank: 3)
            case (_, width): return Form(output: .pooled, rank: 2)
            default: return Form(output: .attention, rank: 2)
            }
        }
        // A single known output may be the first of two; the other one is whatever it is not.
        if forms.count == 2 {
            let isFirstAttention = forms[0].map { $0.output == .attention } ?? (forms[1]?.output != .attention)
            forms[0] = forms[0] ?? Form(output: isFirstAttention ? .attention : .pooled, rank: nil)
            forms[1] = forms[1] ?? Form(output: isFirstAttention ? .pooled : .attention, rank: nil)
        } else if forms[0]?.output != .attention, forms[0]?.output != .weighted {
            forms = [Form(output: .pooled, rank: 2), Form(output: .attention, rank: nil)]
        }
        return forms.map { $0 ?? Form(output: .pooled, rank: 2) }
    }
}
