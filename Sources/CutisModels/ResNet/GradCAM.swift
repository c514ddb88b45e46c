import CutisCore
public import CutisTensor

extension ResNet {
    /// Grad-CAM (Selvaraju et al. 2017) on the last stage: where the image speaks for a class.
    ///
    /// The weights of the channels are the mean gradients of the class's logit; the map is the positive part of their
    /// weighted sum. It works inside `withoutGrad` too, but not inside `withInferenceMode`.
    ///
    /// - Parameters:
    ///   - x: [batch, channels, height, width], preprocessed.
    ///   - classes: the class per image; nil takes the most probable one of each.
    /// - Returns: [batch, rows, columns] of the last stage's grid, not negative, not scaled.
    /// - Throws: `CutisError` `.invalidArguments` without a head, for a class that the model does not have, or for
    ///   another number of classes than of images; `TensorError`.
    public func gradCAM(_ x: Tensor, classes: [Int]? = nil) throws -> Tensor {
        guard let count = config.classCount else {
            throw Self.refusal("The model has no classes that a map could explain.")
        }
        let stage = try features(x).stage.detach()
        let asked = try classes.map { try Tensor($0.map { Int64($0) }, shape: [$0.count]).to(x.device) }
        if let classes {
            guard classes.count == x.shape[0] else {
                throw Self.refusal("\(classes.count) classes for \(x.shape[0]) images.")
            }
            for index in classes where !(0..<count).contains(index) {
                throw Self.refusal("The model has no class \(index); it has \(count).")
            }
        }
        // Only the head lies between the stage and the logits, so only the head is recorded.
        let gradient = try withGrad {
            let leaf = try stage.clone().settingRequiresGrad(true)
            let scores = try logits(leaf.mean([2, 3]))
            let chosen = try asked ?? scores.argmax(dim: 1)
            let sum = try scores.gather(dim: 1, chosen.unsqueeze(1)).sum()
            return try Tensor.gradients(of: sum, withRespectTo: [leaf])[0]
        }
        let weights = try gradient.mean([2, 3], keepdim: true)
        return try (stage * weights).sum([1]).relu().to(.float32)
    }

    private static func refusal(_ message: String) -> CutisError {
        CutisError(.invalidArguments, message, remedy: "Ask for one of the model's own classes.")
    }
}
