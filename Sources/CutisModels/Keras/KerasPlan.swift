/// The order in which the calls of one model are computed.
package struct KerasPlan: Sendable {
    /// One call of one layer.
    package struct Step: Sendable, Hashable {
        /// The layer's place in `KerasModelDefinition.layers`.
        package let layer: Int
        /// Which of the layer's calls.
        package let node: Int
    }

    /// The calls that the outputs need, each after everything that it reads; inputs are left out.
    package let steps: [Step]

    /// Orders the calls by what they read (Kahn 1962); the order of the list in the file does not matter.
    ///
    /// - Throws: `KerasFault` where a call reads a tensor that nothing makes, or where calls wait for each other.
    package init(_ model: KerasModelDefinition) throws(KerasFault) {
        let index = Dictionary(uniqueKeysWithValues: model.layers.enumerated().map { ($0.element.name, $0.offset) })
        try Self.requireTensors(model, index: index)

        var readers: [Step: [Step]] = [:]
        var waiting: [Step: Int] = [:]
        var ready: [Step] = []
        for (position, layer) in model.layers.enumerated() {
            for (number, node) in layer.nodes.enumerated() {
                let step = Step(layer: position, node: number)
                let sources = Set(node.tensors.compactMap { Self.step($0, model: model, index: index) })
                waiting[step] = sources.count
                if sources.isEmpty { ready.append(step) }
                for source in sources { readers[source, default: []].append(step) }
            }
        }
        var order: [Step] = []
        var head = 0
        while head < ready.count {
            let step = ready[head]
            head += 1
            order.append(step)
            for reader in readers[step] ?? [] {
                waiting[reader, default: 0] -= 1
                if waiting[reader] == 0 { ready.append(reader) }
            }
        }
        guard order.count == waiting.count else {
            let stuck = waiting.filter { $0.value > 0 }.keys.map { model.layers[$0.layer].name }
            throw KerasFault("its layers \(KerasPlan.list(stuck)) wait for each other (a cycle in the graph)")
        }
        let needed = Self.needed(model, index: index)
        steps = order.filter(needed.contains)
    }

    /// Up to ten names, sorted, for a message.
    static func list(_ names: some Sequence<String>) -> String {
        let sorted = Set(names).sorted()
        let shown = sorted.prefix(10).map(KerasName.quoted).joined(separator: ", ")
        return sorted.count > 10 ? "\(shown) and \(sorted.count - 10) more" : shown
    }

    /// The call that makes a tensor; nil for inputs.
    private static func step(_ key: KerasTensorKey, model: KerasModelDefinition, index: [String: Int]) -> Step? {
        guard let layer = index[key.layer], !model.layers[layer].isInput else { return nil }
        return Step(layer: layer, node: key.node)
    }

    private static func requireTensors(_ model: KerasModelDefinition, index: [String: Int]) throws(KerasFault) {
        var missing: [String] = []
        func check(_ key: KerasTensorKey) {
            guard let layer = index[key.layer] else {
                missing.append(key.layer)
                return
            }
            let calls = model.layers[layer].isInput ? 1 : model.layers[layer].nodes.count
            if key.node >= calls || (model.layers[layer].isInput && key.tensor > 0) {
                missing.append("\(key.layer) (call \(key.node))")
            }
        }
        for layer in model.layers {
            for node in layer.nodes { node.tensors.forEach(check) }
        }
        model.inputs.forEach(check)
        model.outputs.map(\.key).forEach(check)
        guard missing.isEmpty else {
            throw KerasFault("the graph reads layers that it does not hold: \(list(missing))")
        }
        let wrong = model.inputs.filter { key in index[key.layer].map { !model.layers[$0].isInput } ?? true }
        guard wrong.isEmpty else {
            throw .unsupported("input_layers names \(list(wrong.map(\.layer))), which is no InputLayer")
        }
        let inputs = Set(model.inputs.map(\.layer))
        let loose = model.layers.filter { $0.isInput && !inputs.contains($0.name) }
        guard loose.isEmpty else {
            throw KerasFault("its inputs \(list(loose.map(\.name))) are not in input_layers")
        }
    }

    private static func needed(_ model: KerasModelDefinition, index: [String: Int]) -> Set<Step> {
        var needed: Set<Step> = []
        var open = model.outputs.compactMap { step($0.key, model: model, index: index) }
        while let step = open.popLast() {
            guard needed.insert(step).inserted else { continue }
            let node = model.layers[step.layer].nodes[step.node]
            open += node.tensors.compactMap { Self.step($0, model: model, index: index) }
        }
        return needed
    }
}
