import CutisTensor

/// One functional or sequential model, built: the top one or one inside another.
final class KerasModel {
    let definition: KerasModelDefinition
    /// The model's group with a slash at its end; empty at the top. It tells models apart that are called alike.
    let path: String
    let plan: KerasPlan
    private let functions: [KerasFunction]

    init(_ definition: KerasModelDefinition, path: String, builder: KerasBuilder) throws {
        self.definition = definition
        self.path = path
        plan = try KerasPlan(definition)
        functions = try definition.layers.map { try builder.function($0, shapes: definition.shapes) }
    }

    /// A call as a layer of another model: the mask handed over is attached to the input.
    func callAsFunction(_ call: KerasCall) throws -> [KerasTensor] {
        var inputs = try call.inputs()
        if let mask = call.mask(), !inputs.isEmpty { inputs[0].mask = mask }
        return try run(inputs, in: call.run)
    }

    /// Computes the outputs, in the order of `definition.outputs`.
    func run(_ inputs: [KerasTensor], in run: KerasRun) throws -> [KerasTensor] {
        guard inputs.count == definition.inputs.count else {
            throw KerasFault(
                "the model \(KerasName.quoted(definition.name)) has \(definition.inputs.count) inputs and got "
                    + "\(inputs.count)")
        }
        var values = Dictionary(zip(definition.inputs, inputs), uniquingKeysWith: { first, _ in first })
        for step in plan.steps {
            let layer = definition.layers[step.layer]
            let node = layer.nodes[step.node]
            let results: [KerasTensor]
            do {
                try run.begin(reading: node.tensors.lazy.map { values[$0]?.tensor.count ?? 0 })
                let call = KerasCall(
                    try node.arguments.map { try value($0, in: values) },
                    keywords: try node.keywords.mapValues { try value($0, in: values) }, run: run,
                    site: .attention(of: layer.name, node: step.node, in: path))
                results = try functions[step.layer](call)
                for result in results {
                    try KerasLimits.check(result.tensor.shape)
                    try run.take(result.tensor.count)
                }
            } catch let fault as KerasFault where !fault.isLocated {
                throw fault.at(layer.name)
            } catch let error as TensorError where error.code != .memory {
                throw KerasFault("cannot be computed: \(error)").at(layer.name)
            }
            for (index, result) in results.enumerated() {
                let key = KerasTensorKey(layer: layer.name, node: step.node, tensor: index)
                values[key] = result
                run.observer?.note(result.tensor, of: KerasProbe(model: path, key: key))
            }
        }
        return try definition.outputs.map { try tensor($0.key, in: values) }
    }

    private func tensor(
        _ key: KerasTensorKey, in values: [KerasTensorKey: KerasTensor]
    ) throws(KerasFault) -> KerasTensor {
        guard let tensor = values[key] else {
            throw KerasFault("layer \(KerasName.quoted(key.layer)) has no output \(key.tensor)")
        }
        return tensor
    }

    private func value(
        _ argument: KerasArgument, in values: [KerasTensorKey: KerasTensor]
    ) throws -> KerasValue {
        switch argument {
        case .none: return .none
        case .flag(let value): return .flag(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .text(let value): return .text(value)
        case .tensor(let key): return .tensor(try tensor(key, in: values))
        case .list(let elements): return .list(try elements.map { try value($0, in: values) })
        case .slice(let start, let stop, let step): return .slice(start: start, stop: stop, step: step)
        case .ellipsis: return .ellipsis
        case .constant(let constant):
            let device = values.values.first?.tensor.device ?? .cpu
            return .tensor(KerasTensor(try KerasNumbers.tensor(constant, device: device)))
        }
    }
}
