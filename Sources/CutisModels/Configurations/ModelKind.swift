/// A published form of a model: an architecture in the names of one library.
public enum ModelKind: String, Codable, Sendable, Hashable, CaseIterable {
    case torchvisionViT = "torchvision-vit"
    case huggingFaceViT = "hf-vit"
    case timmViT = "timm-vit"
    case tipsv2 = "tipsv2"
    case openCLIP = "open-clip"
    case huggingFaceCLIP = "hf-clip"
    /// torchvision's and timm's names, which are the same.
    case torchvisionResNet = "torchvision-resnet"
    case huggingFaceResNet = "hf-resnet"
    /// The gated-attention head over a case's embeddings; not an image network.
    case gatedAttentionMIL = "mil"
    /// Weights under Cutis's own names, which a bundle describes.
    case cutis = "cutis"

    /// In words, for people.
    public var title: String {
        switch self {
        case .torchvisionViT: "torchvision vision transformer"
        case .huggingFaceViT: "Hugging Face ViT"
        case .timmViT: "timm vision transformer"
        case .tipsv2: "TIPSv2 vision tower"
        case .openCLIP: "OpenCLIP vision tower"
        case .huggingFaceCLIP: "Hugging Face CLIP vision tower"
        case .torchvisionResNet: "torchvision or timm ResNet"
        case .huggingFaceResNet: "Hugging Face ResNet"
        case .gatedAttentionMIL: "gated-attention MIL head"
        case .cutis: "Cutis weights"
        }
    }

    /// The table of names of an image network; nil for the MIL head, which is no image network.
    public var layout: KeyLayout? {
        switch self {
        case .torchvisionViT: .torchvisionViT
        case .huggingFaceViT: .huggingFaceViT
        case .timmViT: .timmViT
        case .tipsv2: .tipsv2
        case .openCLIP: .openCLIP
        case .huggingFaceCLIP: .huggingFaceCLIP
        case .torchvisionResNet: .torchvisionResNet
        case .huggingFaceResNet: .huggingFaceResNet
        case .gatedAttentionMIL: nil
        case .cutis: .cutis
        }
    }
}

extension KeyLayout {
    /// All tables of image networks.
    public static let all: [KeyLayout] = ModelKind.allCases.compactMap(\.layout)

    /// The table with this id, such as `cutis`; nil where this build does not know it.
    public static func named(_ id: String) -> KeyLayout? {
        all.first { $0.id == id }
    }
}
