/// Finds out what a graph's last numbers are by walking back to the last activation.
///
/// Layers that only move numbers, select among them or average them are walked through; several inputs must agree. A
/// final layer without activation gives logits. Anything else (an addition, a division, a ReLU) has no known meaning.
struct KerasOutputTracer {
    /// What a tensor's numbers are.
    enum Activation: Hashable {
        case sigmoid, softmax, linear
        /// The name of what made them.
        case other(String)
    }

    /// What was found, and which tensors the walk ended at.
    struct Trace {
        var activation: Activation
        var origins: Set<KerasProbe>
    }

    /// Longer walks end without an answer.
    private static let maximumDepth = 128

    private static let passing: Set<String> = KerasLayers.identities.union([
        "Reshape", "Flatten", "Permute", "RepeatVector", "Masking", "Concatenate", "Average", "Maximum", "Minimum",
        "GlobalAveragePooling1D", "GlobalMaxPooling1D",
    ])
    private static let passingOperations: Set<String> = [
        "Reshape", "Ravel", "Squeeze", "ExpandDims", "Transpose", "Swapaxes", "Moveaxis", "GetItem", "Take", "Cast",
        "Clip", "Concatenate", "Stack", "Split", "ArraySplit", "Unstack", "Mean", "Average", "Max", "Amax", "Min",
        "Amin", "Maximum", "Minimum", "StopGradient", "Copy", "ConvertToTensor", "BroadcastTo",
    ]

    private enum Step {
        case ends(Activation)
        case passes([KerasTensorKey])
        case enters(KerasModelDefinition, output: Int)
    }

    private var known: [KerasProbe: Trace] = [:]
    private var layers: [String: [String: KerasLayerDefinition]] = [:]

    /// Walks back from one tensor of a model.
    mutating func trace(
        _ key: KerasTensorKey, in model: KerasModelDefinition, path: String, depth: Int = 0
    ) -> Trace {
        let probe = KerasProbe(model: path, key: key)
        if let trace = known[probe] { return trace }
        guard depth < Self.maximumDepth, let layer = layer(key.layer, of: model, path: path) else {
            return Trace(activation: .other("a long chain of layers"), origins: [])
        }
        var result: Trace
        switch step(layer, key) {
        case .ends(let activation): result = Trace(activation: activation, origins: [probe])
        case .enters(let inner, let output):
            guard output < inner.outputs.count else { return Trace(activation: .other(layer.className), origins: []) }
            result = trace(
                inner.outputs[output].key, in: inner, path: "\(layer.weightPath ?? "")/", depth: depth + 1)
        case .passes(let keys):
            let traces = keys.map { trace($0, in: model, path: path, depth: depth + 1) }
            let activations = Set(traces.map(\.activation))
            result = Trace(
                activation: activations.count == 1 ? activations.first ?? .other(layer.className) : .other("a mixture"),
                origins: traces.reduce(into: []) { $0.formUnion($1.origins) })
        }
        known[probe] = result
        return result
    }

    private mutating func layer(
        _ name: String, of model: KerasModelDefinition, path: String
    ) -> KerasLayerDefinition? {
        let table =
            layers[path] ?? Dictionary(model.layers.map { ($0.name, $0) }, uniquingKeysWith: { first, _ in first })
        layers[path] = table
        return table[name]
    }

    private func step(_ layer: KerasLayerDefinition, _ key: KerasTensorKey) -> Step {
        let inputs = key.node < layer.nodes.count ? layer.nodes[key.node].arguments.flatMap(\.tensors) : []
        switch layer.kind {
        case .input, .custom: return .ends(.other(layer.className))
        case .model(let inner): return .enters(inner, output: key.tensor)
        case .operation:
            switch layer.className {
            case "Sigmoid", "HardSigmoid": return .ends(.sigmoid)
            case "Softmax": return .ends(.softmax)
            case let name where Self.passingOperations.contains(name) && !inputs.isEmpty: return .passes(inputs)
            default: return .ends(.other(layer.className))
            }
        case .layer: return built(layer, inputs)
        }
    }

    private func built(_ layer: KerasLayerDefinition, _ inputs: [KerasTensorKey]) -> Step {
        switch layer.className {
        case "Softmax": return .ends(.softmax)
        case "Dense", "EinsumDense", "Activation":
            let name = (try? KerasActivation.name(layer.config["activation"])) ?? "?"
            switch name {
            case "sigmoid", "hard_sigmoid": return .ends(.sigmoid)
            case "softmax": return .ends(.softmax)
            case "linear": return layer.className == "Activation" ? .passes(inputs) : .ends(.linear)
            default: return .ends(.other(name))
            }
        case "TimeDistributed":
            guard let inner = layer.wrapped.first, !inner.isModel else { return .ends(.other(layer.className)) }
            return built(inner, inputs)
        case let name where Self.passing.contains(name) && !inputs.isEmpty: return .passes(inputs)
        default: return .ends(.other(layer.className))
        }
    }
}
