import CutisCore
import CutisTensor

/// What building a layer needs, and what it finds out.
final class KerasBuilder {
    let weights: KerasWeights
    let device: Device
    let mappings: [KerasCustomLayerMapping]
    /// What was taken for granted because the file does not say it.
    private(set) var assumptions: [String] = []

    init(weights: KerasWeights, device: Device, mappings: [KerasCustomLayerMapping]) {
        self.weights = weights
        self.device = device
        self.mappings = mappings
    }

    /// Notes something for the model card.
    func assume(_ text: String) {
        if !assumptions.contains(text) { assumptions.append(text) }
    }

    /// Builds what a layer does.
    ///
    /// - Parameter shapes: what the file says about the model's tensors, for layers that it does not describe.
    func function(_ layer: KerasLayerDefinition, shapes: [KerasTensorKey: [Int?]]) throws -> KerasFunction {
        if let group = layer.weightPath { weights.checkName(of: group, is: layer.name) }
        do {
            switch layer.kind {
            case .input: return { try $0.inputs() }
            case .operation: return try KerasOperations.function(layer, device: device)
            case .model(let definition):
                let model = try KerasModel(definition, path: "\(layer.weightPath ?? "")/", builder: self)
                return { try model($0) }
            case .custom: return try KerasGatedAttention.function(layer, shapes: shapes, builder: self)
            case .layer:
                let type = KerasName.type(layer.config["dtype"])
                if type.contains("float16") {
                    assume("\(layer.name) was made for \(type) and is computed in float32")
                }
                guard let make = KerasLayers.table[layer.className] else {
                    throw KerasFault.unsupported("the layer class \(KerasName.quoted(layer.title)) is not known")
                }
                return try make(layer, self)
            }
        } catch let fault as KerasFault where !fault.isLocated {
            throw fault.at(layer.name)
        }
    }
}

extension KerasFault {
    /// Whether the reason names the layer already.
    var isLocated: Bool { reason.hasPrefix("layer ") }

    /// The same fault with the layer in front of it.
    func at(_ layer: String) -> KerasFault {
        KerasFault("layer \(KerasName.quoted(layer)): \(reason)", code: code, remedy: remedy)
    }
}
