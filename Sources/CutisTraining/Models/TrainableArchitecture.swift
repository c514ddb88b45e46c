public import CutisModels

/// The networks that can be trained from nothing, by the names that configurations use.
public enum TrainableArchitecture: String, Sendable, Hashable, Codable, CaseIterable {
    case resNet18 = "resnet18"
    case resNet34 = "resnet34"
    case resNet50 = "resnet50"
    case viTTiny16 = "vit_tiny_patch16"
    case viTSmall16 = "vit_small_patch16"
    case viTBase16 = "vit_base_patch16"
    case viTLarge32 = "vit_large_patch32"

    /// The side of a transformer's patches in pixels, which divides the image's; nil for residual networks.
    public var patchSize: Int? { transformer?.patch }

    /// Width, depth, heads and patch of Dosovitskiy et al. 2020 and Touvron et al. 2020 (Ti, S).
    private var transformer: (width: Int, depth: Int, heads: Int, patch: Int)? {
        switch self {
        case .resNet18, .resNet34, .resNet50: nil
        case .viTTiny16: (192, 12, 3, 16)
        case .viTSmall16: (384, 12, 6, 16)
        case .viTBase16: (768, 12, 12, 16)
        case .viTLarge32: (1024, 24, 16, 32)
        }
    }

    /// The network's numbers.
    ///
    /// - Parameters:
    ///   - imageSize: the side of the images in pixels, a multiple of the patch.
    ///   - stemWidth: channels of a residual network's first convolution; nil takes 64. Transformers have none.
    ///   - dropout: share of zeros before the head in training.
    public func configuration(
        classCount: Int, imageSize: Int, stemWidth: Int? = nil, dropout: Double = 0
    ) -> ModelConfiguration {
        let stem = stemWidth ?? 64
        if let (width, depth, heads, patch) = transformer {
            return .visionTransformer(
                ViTConfig(
                    imageSize: [imageSize, imageSize], patchSize: patch, width: width, depth: depth, heads: heads,
                    mlpWidth: 4 * width, positionResize: .bicubicAntialias, classCount: classCount,
                    headDropout: dropout))
        }
        switch self {
        case .resNet18:
            return .resNet(.resNet18(stemWidth: stem, classCount: classCount, headDropout: dropout))
        case .resNet34:
            return .resNet(.resNet34(stemWidth: stem, classCount: classCount, headDropout: dropout))
        default: return .resNet(.resNet50(stemWidth: stem, classCount: classCount, headDropout: dropout))
        }
    }
}
