import CutisTensor

extension KerasInputs {
    /// The arguments of the graph for a bag; the mask is read off the bag where none is given.
    func arguments(bag tensor: Tensor, mask given: Tensor?) throws -> [KerasTensor] {
        guard let mask else { return [KerasTensor(tensor)] }
        var input = try given ?? KerasReduction.any(tensor, axes: [-1], keep: false)
        input = try input.to(KerasNumbers.dtype(mask.type))
        if mask.rank == 3 { input = try input.unsqueeze(-1) }
        let bagFirst = [KerasTensor(tensor), KerasTensor(input)]
        return bag == 0 ? bagFirst : bagFirst.reversed()
    }
}

/// One run of a fresh graph: it shows that the graph can be computed, and tells what its tensors are.
struct KerasTrial {
    let attention: [KerasProbe]
    let answers: [Int]
    let classCount: Int
    let meaning: MILOutputMeaning?
    let ending: String

    /// Runs one bag without padding and looks at the result.
    init(_ model: KerasModel, inputs: KerasInputs, device: Device) throws {
        let instances = inputs.instances ?? 3
        let count = instances * inputs.width
        let values = (0..<count).map { Float(($0 * 7919) % 1009 + 1) / 1009 - 0.5 }
        let bag = try Tensor(values, shape: [1, instances, inputs.width]).to(device)
        let observer = KerasObserver(wanted: nil)
        let run = KerasRun(cases: 1, observer: observer)
        let results = try withoutGrad { try model.run(inputs.arguments(bag: bag, mask: nil), in: run) }

        let definition = model.definition
        var tracer = KerasOutputTracer()
        let traces = definition.outputs.map { tracer.trace($0.key, in: definition, path: "") }
        let shapes = observer.tensors.mapValues(\.shape)
        func finder(_ answers: Set<KerasProbe>) -> KerasAttentionFinder {
            KerasAttentionFinder(shapes: shapes, instances: instances, answers: answers)
        }
        // An output that is the attention behind another output repeats it; it is no answer.
        let answers = definition.outputs.indices.filter { index in
            guard results.count > 1,
                KerasAttentionFinder.bagAxis(results[index].tensor.shape, instances: instances) != nil
            else { return true }
            let others = definition.outputs.indices.filter { $0 != index }.map { definition.outputs[$0].key }
            let behind = finder([]).probes(in: definition, path: "", targets: others)
            let own = KerasProbe(model: "", key: definition.outputs[index].key)
            let isBehind = behind.contains { traces[index].origins.contains($0) || $0 == own || isInside($0, own) }
            return !isBehind
        }
        func isInside(_ attention: KerasProbe, _ output: KerasProbe) -> Bool {
            attention.key.tensor < 0 && attention.key.layer == output.key.layer && attention.key.node == output.key.node
        }
        guard !answers.isEmpty else { throw KerasFault.unsupported("none of its outputs is an answer") }
        var total = 0
        for index in answers {
            let shape = results[index].tensor.shape
            guard shape.first == 1, shape.count <= 3, shape.dropFirst().filter({ $0 != 1 }).count <= 1 else {
                throw KerasFault.unsupported("its output \(index) has the shape \(shape), which is no list of classes")
            }
            total += results[index].tensor.count
        }
        guard (1...10_000).contains(total) else { throw KerasFault.unsupported("it answers \(total) classes") }
        self.answers = answers
        classCount = total
        let origins = answers.reduce(into: Set<KerasProbe>()) { $0.formUnion(traces[$1].origins) }
        attention = finder(origins).probes(
            in: definition, path: "", targets: answers.map { definition.outputs[$0].key })
        let activations = Set(answers.map { traces[$0].activation })
        (meaning, ending) = Self.meaning(activations)
    }

    /// The mean of some attention tensors over everything but the images: [cases, instances].
    static func mean(
        _ probes: [KerasProbe], of observer: KerasObserver, cases: Int, instances: Int
    ) throws -> Tensor? {
        let maps = try probes.compactMap { probe -> Tensor? in
            guard let tensor = observer.tensors[probe], tensor.shape.first == cases,
                let axis = KerasAttentionFinder.bagAxis(tensor.shape, instances: instances)
            else { return nil }
            let lying = axis == 2 ? try tensor.transpose(1, 2) : tensor
            return try lying.reshape([cases, instances, -1]).mean([2])
        }
        guard let first = maps.first else { return nil }
        return try maps.dropFirst().reduce(first) { try $0 + $1 } / Double(maps.count)
    }

    private static func meaning(_ activations: Set<KerasOutputTracer.Activation>) -> (MILOutputMeaning?, String) {
        guard activations.count == 1, let activation = activations.first else {
            return (nil, "outputs of several kinds")
        }
        switch activation {
        case .sigmoid: return (.sigmoid, "a sigmoid")
        case .softmax: return (.softmax, "a soft-max")
        case .linear: return (.logits, "a linear layer")
        case .other(let name): return (nil, KerasName.quoted(name))
        }
    }
}
