import CutisCore
import CutisModels
import CutisTensor

/// The network that looks at one image: what all architectures have in common.
enum ImageNetwork {
    case vit(VisionTransformer)
    case resNet(ResNet)
    case packedViT(PackedViT)
    case packedResNet(PackedResNet)

    /// The network as it is trained, exported and explained.
    init(_ configuration: ModelConfiguration, _ reader: WeightReader) throws {
        switch configuration {
        case .visionTransformer(let config): self = .vit(try VisionTransformer(config, reader))
        case .resNet(let config): self = .resNet(try ResNet(config, reader))
        }
    }

    /// The network made for inference on a CPU.
    ///
    /// - Parameter imageSize: height and width of the images.
    init(
        packing configuration: ModelConfiguration, _ reader: WeightReader, imageSize: (height: Int, width: Int),
        precision: InferencePrecision
    ) throws {
        switch configuration {
        case .visionTransformer(let config):
            self = .packedViT(try PackedViT(config, reader, precision: precision))
        case .resNet(let config):
            self = .packedResNet(
                try PackedResNet(config, reader, imageSize: imageSize, precision: precision))
        }
    }

    /// The class scores, [images, classes].
    func logits(_ x: Tensor) throws -> Tensor {
        switch self {
        case .vit(let model): try model(x)
        case .resNet(let model): try model(x)
        case .packedViT(let model): try model(x)
        case .packedResNet(let model): try model(x)
        }
    }

    /// The features before the head (after the projection of CLIP models), [images, width].
    func embedding(_ x: Tensor) throws -> Tensor {
        switch self {
        case .vit(let model): try model.config.projectionWidth == nil ? model.features(x).pooled : model(x)
        case .resNet(let model): try model.features(x).pooled
        case .packedViT(let model): try model.config.projectionWidth == nil ? model.pooled(x) : model(x)
        case .packedResNet(let model): try model.pooled(x)
        }
    }

    /// Features and class scores from one pass, which shows the input of each layer that can be quantised to
    /// `observer`.
    func answer(_ x: Tensor, observer: LayerObserver? = nil) throws -> (embedding: Tensor, logits: Tensor) {
        switch self {
        case .packedViT(let model):
            let pooled = try model.pooled(x, observer: observer)
            let logits = try model.answer(pooled)
            return (model.config.projectionWidth == nil ? pooled : logits, logits)
        case .packedResNet(let model):
            let pooled = try model.pooled(x, observer: observer)
            return (pooled, try model.answer(pooled))
        case .vit, .resNet:
            guard observer == nil else {
                throw CutisError(
                    .deviceUnavailable, "Layers can be observed only on a CPU, and by a LibTorch with oneDNN.",
                    remedy: "Use --device cpu.")
            }
            return (try embedding(x), try logits(x))
        }
    }

    /// A grid of weights for one image; the plain network only, whose attention and gradients can be seen.
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
        default:
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
