/// Reads what connects the layers of a graph: `inbound_nodes`, `input_layers`, `output_layers`.
enum KerasReferences {
    /// The most elements of a number array inside the graph.
    static let maximumConstantElements = 1 << 20

    /// The calls of one layer; the shapes that the file notes beside its tensors are added to `shapes`.
    static func nodes(
        _ entry: KerasJSON?, of layer: String, shapes: inout [KerasTensorKey: [Int?]]
    ) throws(KerasFault) -> [KerasNode] {
        guard let entries = entry?.elements else {
            throw KerasFault("layer \(KerasName.quoted(layer)) has no list inbound_nodes")
        }
        var nodes: [KerasNode] = []
        for entry in entries {
            guard let arguments = entry["args"]?.elements, let keywords = entry["kwargs"]?.members else {
                throw .unsupported(
                    "layer \(KerasName.quoted(layer)) has calls without args and kwargs, as Keras 2 wrote them",
                    remedy: "Load the model with Keras 3 and save it again.")
            }
            var positional: [KerasArgument] = []
            for argument in arguments { positional.append(try self.argument(argument, shapes: &shapes)) }
            var named: [String: KerasArgument] = [:]
            for (key, value) in keywords { named[key] = try self.argument(value, shapes: &shapes) }
            nodes.append(KerasNode(arguments: positional, keywords: named))
        }
        return nodes
    }

    /// `["name", 0, 0]`, a list of such triples, or a dictionary of them (flattened by sorted key, as Keras does).
    static func read(_ entry: KerasJSON?, _ title: String) throws(KerasFault) -> [KerasModelDefinition.Output] {
        guard let entry else { throw KerasFault("the model has no \(title)") }
        if let key = triple(entry) { return [KerasModelDefinition.Output(label: nil, key: key)] }
        var outputs: [KerasModelDefinition.Output] = []
        if let members = entry.members {
            for (label, value) in members.sorted(by: { $0.key < $1.key }) {
                guard let key = triple(value) else { throw KerasFault("\(title) nests deeper than Cutis reads") }
                outputs.append(KerasModelDefinition.Output(label: label, key: key))
            }
        } else {
            for value in entry.elements ?? [] {
                guard let key = triple(value) else { throw KerasFault("\(title) nests deeper than Cutis reads") }
                outputs.append(KerasModelDefinition.Output(label: nil, key: key))
            }
        }
        guard !outputs.isEmpty else { throw KerasFault("\(title) names no tensor") }
        return outputs
    }

    private static func triple(_ entry: KerasJSON) -> KerasTensorKey? {
        guard let parts = entry.elements, parts.count == 3, let layer = parts[0].text, let node = parts[1].whole,
            let tensor = parts[2].whole, node >= 0, tensor >= 0
        else { return nil }
        return KerasTensorKey(layer: layer, node: node, tensor: tensor)
    }

    /// The nesting is bounded by the JSON parser's depth.
    private static func argument(
        _ entry: KerasJSON, shapes: inout [KerasTensorKey: [Int?]]
    ) throws(KerasFault) -> KerasArgument {
        switch entry {
        case .null: return .none
        case .bool(let value): return .flag(value)
        case .integer(let value): return .integer(value)
        case .number(let value): return .number(value)
        case .string(let value): return .text(value)
        case .array(let elements):
            var list: [KerasArgument] = []
            for element in elements { list.append(try argument(element, shapes: &shapes)) }
            return .list(list)
        case .object: return try object(entry, shapes: &shapes)
        }
    }

    private static func object(
        _ entry: KerasJSON, shapes: inout [KerasTensorKey: [Int?]]
    ) throws(KerasFault) -> KerasArgument {
        let config = entry["config"]
        switch entry["class_name"]?.text {
        case "__keras_tensor__":
            guard let key = config?["keras_history"].flatMap(triple) else {
                throw KerasFault("a tensor of the graph has no keras_history")
            }
            if let shape = config?["shape"]?.elements { shapes[key] = shape.map(\.whole) }
            return .tensor(key)
        case "__slice__":
            return .slice(
                start: config?["start"]?.whole, stop: config?["stop"]?.whole, step: config?["step"]?.whole)
        case "__ellipsis__": return .ellipsis
        case "__numpy__", "__tensor__": return .constant(try constant(config ?? .null))
        default:
            let name = entry["class_name"]?.text ?? "object without class_name"
            throw .unsupported("an argument of a layer call is a \(KerasName.quoted(name))")
        }
    }

    private static func constant(_ config: KerasJSON) throws(KerasFault) -> KerasConstant {
        var values: [Double] = []
        var shape: [Int] = []
        func collect(_ value: KerasJSON, depth: Int) throws(KerasFault) {
            if let elements = value.elements {
                if shape.count == depth, values.isEmpty { shape.append(elements.count) }
                guard depth < 8, shape.count > depth, shape[depth] == elements.count else {
                    throw KerasFault("a number array of the graph is ragged")
                }
                for element in elements { try collect(element, depth: depth + 1) }
            } else {
                guard depth == shape.count, let number = value.double ?? value.flag.map({ $0 ? 1 : 0 }),
                    values.count < maximumConstantElements
                else { throw KerasFault("a number array of the graph is ragged, too long or holds no numbers") }
                values.append(number)
            }
        }
        try collect(config["value"] ?? .null, depth: 0)
        guard values.count == shape.reduce(1, *) else { throw KerasFault("a number array of the graph is ragged") }
        return KerasConstant(values: values, shape: shape, type: config["dtype"]?.text ?? "float32")
    }
}
