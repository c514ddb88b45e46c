/// Finds the attention over the images inside a graph, for explanation.
///
/// The rule: a soft-max over the bag axis of a tensor [batch, n], [batch, n, k] or [batch, 1, n] that the answer is
/// computed from and that is not the answer itself, where n is the number of images in a bag. Where the graph goes on
/// scaling those weights with tensors of the same size (a mask, a new normalisation), the scaled ones are taken. Custom
/// attention layers tell their weights themselves. Of several maps the mean is shown; where there is none, there is no
/// attention to show.
struct KerasAttentionFinder {
    /// The shapes of all tensors in a run with one bag.
    let shapes: [KerasProbe: [Int]]
    /// How many images the bag of that run had.
    let instances: Int
    /// Tensors that are answers, not attention.
    let answers: Set<KerasProbe>

    private static let softmaxCarriers: Set<String> = ["Softmax", "Activation", "Dense"]
    private static let moving: Set<String> = KerasLayers.identities.union([
        "Reshape", "Flatten", "Permute", "Squeeze", "ExpandDims", "Transpose", "Swapaxes", "Moveaxis", "GetItem",
        "StopGradient", "Copy", "Cast",
    ])

    /// More maps than these are not looked for.
    private static let maximumProbes = 32

    /// The attention tensors of a model, in the order of computation.
    func probes(in model: KerasModelDefinition, path: String, targets: [KerasTensorKey]) -> [KerasProbe] {
        guard let plan = try? KerasPlan(model) else { return [] }
        let needed = Self.calls(behind: targets, in: model)
        let steps = plan.steps.filter { needed.contains($0) }
        var found: [KerasProbe] = []
        // A model that is called often is looked into once.
        var entered: Set<Int> = []
        for (place, step) in steps.enumerated() where found.count < Self.maximumProbes {
            let layer = model.layers[step.layer]
            let own = KerasProbe.attention(of: layer.name, node: step.node, in: path)
            if shapes[own] != nil { found.append(own) }
            if case .model(let inner) = layer.kind, entered.insert(step.layer).inserted {
                found += probes(in: inner, path: "\(layer.weightPath ?? "")/", targets: inner.outputs.map(\.key))
            }
            let key = KerasTensorKey(layer: layer.name, node: step.node, tensor: 0)
            let probe = KerasProbe(model: path, key: key)
            if isAttention(layer, probe) { found.append(scaled(probe, in: model, steps: steps[place...])) }
        }
        var seen: Set<KerasProbe> = []
        return found.filter { seen.insert($0).inserted }
    }

    /// Whether a tensor of this shape holds weights over the images, and along which axis.
    static func bagAxis(_ shape: [Int], instances: Int) -> Int? {
        guard instances > 1 else { return nil }
        switch shape.count {
        case 2 where shape[1] == instances: return 1
        // [batch, n, n] is attention between images, not over them.
        case 3 where shape[1] == instances && shape[2] != instances: return 1
        case 3 where shape[1] == 1 && shape[2] == instances: return 2
        default: return nil
        }
    }

    private func isAttention(_ layer: KerasLayerDefinition, _ probe: KerasProbe) -> Bool {
        guard Self.softmaxCarriers.contains(layer.className), layer.kind != .custom, !answers.contains(probe),
            let shape = shapes[probe], let bag = Self.bagAxis(shape, instances: instances)
        else { return false }
        if layer.className == "Softmax" {
            let axes = (layer.config["axis"]?.wholes ?? [-1]).map { $0 < 0 ? $0 + shape.count : $0 }
            return axes == [bag]
        }
        let activation = try? KerasActivation.name(layer.config["activation"])
        return activation == "softmax" && bag == shape.count - 1
    }

    /// The last tensor of a chain of scalings, or the tensor itself.
    ///
    /// - Parameter steps: the calls from the start on, each after what it reads, so that one walk is enough.
    private func scaled(
        _ start: KerasProbe, in model: KerasModelDefinition, steps: ArraySlice<KerasPlan.Step>
    ) -> KerasProbe {
        let count = shapes[start]?.reduce(1, *) ?? 0
        var reached: Set<KerasTensorKey> = [start.key]
        var last = start
        for step in steps.dropFirst() {
            let layer = model.layers[step.layer]
            let probe = KerasProbe(
                model: start.model, key: KerasTensorKey(layer: layer.name, node: step.node, tensor: 0))
            let divides = ["TrueDivide", "Divide", "DivideNoNan"].contains(layer.className)
            guard divides || layer.className == "Multiply" || Self.moving.contains(layer.className),
                let shape = shapes[probe], shape.reduce(1, *) == count
            else { continue }
            let node = layer.nodes[step.node]
            // In a division the weights are the numerator.
            let sources = divides ? node.arguments.first?.tensors ?? [] : node.tensors
            guard sources.contains(where: reached.contains) else { continue }
            reached.insert(probe.key)
            if !Self.moving.contains(layer.className), Self.bagAxis(shape, instances: instances) != nil { last = probe }
        }
        return last
    }

    /// The calls that some tensors are computed from.
    private static func calls(
        behind targets: [KerasTensorKey], in model: KerasModelDefinition
    ) -> Set<KerasPlan.Step> {
        let places = Dictionary(
            model.layers.enumerated().map { ($0.element.name, $0.offset) }, uniquingKeysWith: { first, _ in first })
        var found: Set<KerasPlan.Step> = []
        var open = targets
        while let key = open.popLast() {
            guard let place = places[key.layer], key.node < model.layers[place].nodes.count,
                found.insert(KerasPlan.Step(layer: place, node: key.node)).inserted
            else { continue }
            open += model.layers[place].nodes[key.node].tensors
        }
        return found
    }
}
