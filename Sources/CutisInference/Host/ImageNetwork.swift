import CutisCore
import CutisModels
import CutisTensor

/// The network that looks at one image: what all architectures have in common.
enum ImageNetwork {
    case vit(VisionTransformer)
    case resNet(ResNet)

    init(_ configuration: ModelConfiguration, _ reader: WeightReader) throws {
        switch configuration {
        case .visionTransformer(let config): self = .vit(try VisionTransformer(config, reader))
        case .resNet(let config): self = .resNet(try ResNet(config, reader))
        }
    }

    /// The class scores, [images, classes].
    func logits(_ x: Tensor) throws -> Tensor {
        switch self {
        case .vit(let model): try model(x)
        case .resNet(let model): try model(x)
        }
    }

    /// The features before the head (after the projection of CLIP models), [images, width].
    func embedding(_ x: Tensor) throws -> Tensor {
        switch self {
        case .vit(let model): try model.config.projectionWidth == nil ? model.features(x).pooled : model(x)
        case .resNet(let model): try model.features(x).pooled
        }
    }

    /// A grid of weights for one image.
    func explain(
        _ x: Tensor, classIndex: Int, method: ExplanationMethod?
    ) throws -> ExplanationGrid {
        let (map, used): (Tensor, ExplanationMethod)
        switch (self, method) {
        case (.vit(let model), nil), (.vit(let model), .lastBlock):
            (map, used) = (try model.classAttention(x), .lastBlock)
        case (.vit(let model), .rollout):
            (map, used) = (try model.attentionRollout(x), .rollout)
        case (.resNet(let model), nil), (.resNet(let model), .gradCAM):
            (map, used) = (try model.gradCAM(x, classes: [classIndex]), .gradCAM)
        case (.vit, .gradCAM), (.resNet, .lastBlock), (.resNet, .rollout):
            throw CutisError(
                .invalidArguments, "This model cannot be explained by \(method?.rawValue ?? "that method").",
                remedy: "Use last-block or rollout for ViTs, grad-cam for ResNets.")
        }
        let shape = map.shape
        return ExplanationGrid(
            values: try map.to(.float32).floats(), rows: shape[shape.count - 2], columns: shape[shape.count - 1],
            method: used)
    }
}
