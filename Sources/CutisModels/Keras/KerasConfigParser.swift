import CutisCore
package import Foundation

/// Reads the `config.json` of a `.keras` file into a typed graph.
///
/// Nothing of the file is executed. Everything is bounded: bytes, nesting, layers, calls.
package struct KerasConfigParser {
    /// The most entries, sub-models included.
    package static let maximumLayers = 4096
    /// The most layer calls.
    package static let maximumNodes = 16_384
    /// How deep models may lie inside models.
    package static let maximumModelDepth = 8

    private var layerCount = 0
    private var nodeCount = 0

    /// Parses the text of `config.json`.
    ///
    /// - Throws: `KerasFault`: damaged JSON, a model class that is neither functional nor sequential, Keras 2.
    package static func parse(_ data: Data) throws(KerasFault) -> KerasModelDefinition {
        var parser = KerasConfigParser()
        return try parser.model(KerasJSONParser.parse(data), path: "", depth: 0)
    }

    /// A model, top-level or inside another one.
    ///
    /// - Parameter path: the model's group in the weights file with a slash at its end; empty at the top.
    private mutating func model(
        _ entry: KerasJSON, path: String, depth: Int
    ) throws(KerasFault) -> KerasModelDefinition {
        guard depth <= Self.maximumModelDepth else {
            throw KerasFault("more than \(Self.maximumModelDepth) models lie inside each other")
        }
        guard let className = entry["class_name"]?.text, let config = entry["config"] else {
            throw KerasFault("its config.json does not describe a model (no class_name and config)")
        }
        if entry["keras_version"] != nil || entry["module"] == nil {
            throw .unsupported(
                "it was written by Keras 2", remedy: "Load it with Keras 3 and save it again as .keras.")
        }
        guard let layers = config["layers"]?.elements, !layers.isEmpty else {
            throw .unsupported(
                "the model class \(KerasName.quoted(className)) describes no layers (a subclassed model)",
                remedy: "Rebuild the model with the functional API and save it again.")
        }
        let name = config["name"]?.text ?? className
        switch className {
        case "Functional", "Model":
            return try functional(config, name: name, layers: layers, path: path, depth: depth)
        case "Sequential":
            let shape = config["build_input_shape"] ?? entry["build_config"]?["input_shape"]
            return try sequential(shape, name: name, layers: layers, path: path, depth: depth)
        default:
            throw .unsupported(
                "the model class \(KerasName.quoted(className)) is not one of Keras",
                remedy: "Save it as a plain functional model: keras.Model(model.inputs, model.outputs).")
        }
    }

    private mutating func functional(
        _ config: KerasJSON, name: String, layers: [KerasJSON], path: String, depth: Int
    ) throws(KerasFault) -> KerasModelDefinition {
        var shapes: [KerasTensorKey: [Int?]] = [:]
        var groups = KerasGroupCounter()
        var definitions: [KerasLayerDefinition] = []
        for entry in layers {
            definitions.append(try layer(entry, groups: &groups, shapes: &shapes, path: path, depth: depth))
        }
        try requireUniqueNames(definitions)
        // Keras counts the calls of a functional sub-model from 1 in input_layers and output_layers, from 0 elsewhere.
        let functionals = Set(definitions.filter { $0.className != "Sequential" && $0.isModel }.map(\.name))
        let inputs = try KerasReferences.read(config["input_layers"], "input_layers").map(\.key)
        let outputs = try KerasReferences.read(config["output_layers"], "output_layers").map { output in
            let key = output.key
            guard functionals.contains(key.layer), key.node > 0 else { return output }
            let counted = KerasTensorKey(layer: key.layer, node: key.node - 1, tensor: key.tensor)
            return KerasModelDefinition.Output(label: output.label, key: counted)
        }
        return KerasModelDefinition(
            name: name, layers: definitions, inputs: inputs, outputs: outputs, shapes: shapes)
    }

    private mutating func sequential(
        _ inputShape: KerasJSON?, name: String, layers: [KerasJSON], path: String, depth: Int
    ) throws(KerasFault) -> KerasModelDefinition {
        var shapes: [KerasTensorKey: [Int?]] = [:]
        var groups = KerasGroupCounter()
        var definitions: [KerasLayerDefinition] = []
        for entry in layers {
            if definitions.isEmpty, entry["class_name"]?.text != "InputLayer" {
                definitions.append(Self.input(named: "sequential_input", shape: inputShape))
            }
            let caller = definitions.last.map { Caller.layer(named: $0.name) } ?? .start
            definitions.append(
                try layer(entry, groups: &groups, shapes: &shapes, path: path, depth: depth, caller: caller))
        }
        try requireUniqueNames(definitions)
        guard let first = definitions.first, let last = definitions.last else {
            throw KerasFault("the model \(KerasName.quoted(name)) has no layers")
        }
        let output = KerasTensorKey(layer: last.name, node: 0, tensor: 0)
        return KerasModelDefinition(
            name: name, layers: definitions, inputs: [KerasTensorKey(layer: first.name, node: 0, tensor: 0)],
            outputs: [KerasModelDefinition.Output(label: nil, key: output)], shapes: shapes)
    }

    /// Who calls a layer: the graph says it itself, or the layer's place in a sequential model does.
    private enum Caller {
        case graph, start, layer(named: String)
    }

    /// One entry of `layers`.
    private mutating func layer(
        _ entry: KerasJSON, groups: inout KerasGroupCounter, shapes: inout [KerasTensorKey: [Int?]], path: String,
        depth: Int, caller: Caller = .graph
    ) throws(KerasFault) -> KerasLayerDefinition {
        layerCount += 1
        guard layerCount <= Self.maximumLayers else { throw KerasFault("more than \(Self.maximumLayers) layers") }
        guard let className = entry["class_name"]?.text, let config = entry["config"], config.members != nil,
            let name = entry["name"]?.text ?? config["name"]?.text
        else { throw KerasFault("an entry of its layers has no class_name, config or name") }
        let module = entry["module"]?.text ?? ""
        let nodes: [KerasNode]
        var isStart = false
        switch caller {
        case .graph: nodes = try KerasReferences.nodes(entry["inbound_nodes"], of: name, shapes: &shapes)
        case .layer(let previous):
            let tensor = KerasTensorKey(layer: previous, node: 0, tensor: 0)
            nodes = [KerasNode(arguments: [.tensor(tensor)], keywords: [:])]
        case .start:
            nodes = []
            isStart = true
        }
        nodeCount += nodes.count
        guard nodeCount <= Self.maximumNodes else { throw KerasFault("more than \(Self.maximumNodes) layer calls") }

        let isOperation = KerasName.isOperation(module: module)
        let group = isOperation || isStart ? nil : "\(path)layers/\(groups.next(className))"
        let kind = try kind(entry, module: module, className: className, path: group ?? path, depth: depth)
        return KerasLayerDefinition(
            kind: kind, module: module, className: className, registeredName: entry["registered_name"]?.text,
            name: name, config: config, nodes: nodes, weightPath: group,
            wrapped: try wrapped(config, path: group, depth: depth))
    }

    private mutating func kind(
        _ entry: KerasJSON, module: String, className: String, path: String, depth: Int
    ) throws(KerasFault) -> KerasLayerDefinition.Kind {
        if KerasName.isOperation(module: module) { return .operation }
        guard KerasName.isBuiltIn(module: module) else { return .custom }
        switch className {
        case "InputLayer":
            let shape = entry["config"]?["batch_shape"]?.elements ?? entry["config"]?["batch_input_shape"]?.elements
            return .input(shape: (shape ?? []).map(\.whole), type: KerasName.type(entry["config"]?["dtype"]))
        case "Functional", "Sequential", "Model":
            return .model(try model(entry, path: "\(path)/", depth: depth + 1))
        default: return .layer
        }
    }

    /// The layer inside a wrapper; its weights are in the child group `layer`.
    private mutating func wrapped(
        _ config: KerasJSON, path: String?, depth: Int
    ) throws(KerasFault) -> [KerasLayerDefinition] {
        guard let path, let entry = config["layer"], entry["class_name"] != nil else { return [] }
        layerCount += 1
        guard layerCount <= Self.maximumLayers, depth < Self.maximumModelDepth else {
            throw KerasFault("more than \(Self.maximumLayers) layers, or layers wrapped too deep")
        }
        let className = entry["class_name"]?.text ?? ""
        let module = entry["module"]?.text ?? ""
        let inner = entry["config"] ?? .null
        let kind = try kind(entry, module: module, className: className, path: "\(path)/layer", depth: depth)
        return [
            KerasLayerDefinition(
                kind: kind, module: module, className: className, registeredName: entry["registered_name"]?.text,
                name: inner["name"]?.text ?? "layer", config: inner, nodes: [], weightPath: "\(path)/layer",
                wrapped: try wrapped(inner, path: "\(path)/layer", depth: depth + 1))
        ]
    }

    private static func input(named name: String, shape: KerasJSON?) -> KerasLayerDefinition {
        KerasLayerDefinition(
            kind: .input(shape: (shape?.elements ?? []).map(\.whole), type: "float32"), module: "keras.layers",
            className: "InputLayer", registeredName: nil, name: name, config: .object([:]), nodes: [],
            weightPath: nil, wrapped: [])
    }

    private func requireUniqueNames(_ layers: [KerasLayerDefinition]) throws(KerasFault) {
        var names: Set<String> = []
        for layer in layers where !names.insert(layer.name).inserted {
            throw KerasFault("two layers are named \(KerasName.quoted(layer.name))")
        }
    }
}
