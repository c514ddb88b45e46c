public import CutisModels

/// The architectures that can be measured with random weights, in the shapes of the published models.
public enum BenchmarkArchitecture: String, Sendable, CaseIterable {
    /// torchvision's ViT-B/16, 1000 classes.
    case vitB16 = "vit-b-16"
    /// The vision tower of TIPSv2: ViT-L/14 with LayerScale and one register, no head.
    case vitL14 = "vit-l-14"
    /// torchvision's ViT-L/32, 1000 classes.
    case vitL32 = "vit-l-32"
    /// torchvision's ResNet-50, 1000 classes.
    case resNet50 = "resnet-50"

    /// The side of the images that the published model takes, in pixels.
    public var standardImageSize: Int {
        switch self {
        case .vitB16, .resNet50: 224
        case .vitL14: 448
        case .vitL32: 384
        }
    }

    /// The network for square images of a side in pixels.
    public func configuration(imageSize: Int) -> ModelConfiguration {
        let size = [imageSize, imageSize]
        switch self {
        case .vitB16:
            return .visionTransformer(
                ViTConfig(
                    imageSize: size, patchSize: 16, width: 768, depth: 12, heads: 12, mlpWidth: 3072,
                    classCount: 1000))
        case .vitL14:
            return .visionTransformer(
                ViTConfig(
                    imageSize: size, patchSize: 14, width: 1024, depth: 24, heads: 16, mlpWidth: 4096,
                    layerScale: true, registers: 1))
        case .vitL32:
            return .visionTransformer(
                ViTConfig(
                    imageSize: size, patchSize: 32, width: 1024, depth: 24, heads: 16, mlpWidth: 4096,
                    classCount: 1000))
        case .resNet50:
            return .resNet(.resNet50(classCount: 1000))
        }
    }
}
