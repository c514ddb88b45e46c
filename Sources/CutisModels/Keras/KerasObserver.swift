import CutisTensor

/// One tensor of one model of a file.
struct KerasProbe: Hashable {
    /// The model's group, as `KerasModel.path`.
    let model: String
    /// The tensor; custom attention layers note their weights as output −1.
    let key: KerasTensorKey

    /// The attention weights inside a layer that is not built of smaller ones.
    static func attention(of layer: String, node: Int, in model: String) -> KerasProbe {
        KerasProbe(model: model, key: KerasTensorKey(layer: layer, node: node, tensor: -1))
    }
}

/// Takes tensors out of the middle of a run.
///
/// A layer that is called several times inside sub-models is seen at its last call.
final class KerasObserver {
    /// What is kept; nil keeps everything (for the trial run, whose tensors are small).
    private let wanted: Set<KerasProbe>?
    private(set) var tensors: [KerasProbe: Tensor] = [:]

    init(wanted: Set<KerasProbe>?) {
        self.wanted = wanted
    }

    func note(_ tensor: Tensor, of probe: KerasProbe) {
        if wanted?.contains(probe) ?? true { tensors[probe] = tensor }
    }
}
