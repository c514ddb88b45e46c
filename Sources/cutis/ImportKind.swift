import CutisCore
import CutisFormats
import CutisModels
import Foundation

/// What `--kind` may say of a checkpoint.
enum ImportKind {
    /// The names of the tensors decide.
    case auto
    /// torchvision's ViT or ResNet; the names of the tensors tell which.
    case torchvision
    /// A head over embeddings, which is no model of images by itself.
    case head
    /// One published form.
    case form(ModelKind)

    /// The accepted words.
    static let known = (["auto", "torchvision"] + forms.map(\.rawValue) + [ModelKind.gatedAttentionMIL.rawValue])
        .joined(separator: ", ")

    private static let forms = ModelKind.allCases.filter { $0 != .cutis && $0 != .gatedAttentionMIL }

    init?(argument: String) {
        switch argument {
        case "auto": self = .auto
        case "torchvision": self = .torchvision
        case ModelKind.gatedAttentionMIL.rawValue: self = .head
        default:
            guard let kind = ModelKind(rawValue: argument), Self.forms.contains(kind) else { return nil }
            self = .form(kind)
        }
    }

    /// The published form, or nil where the names of the tensors decide.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` for a head, `.checkpointUnsupported` where a torchvision model
    ///   was promised and is not there.
    func resolved(for source: URL) throws -> ModelKind? {
        switch self {
        case .auto: return nil
        case .form(let kind): return kind
        case .head:
            throw CutisError(
                .invalidArguments, "A head (--kind mil) answers to embeddings, not to images.",
                remedy: "Give the encoder that it was trained on as SOURCE, and the head with --head.")
        case .torchvision:
            let found = DialectSniffer.detect(try TensorArchives.open(source))
            guard let found, found == .torchvisionViT || found == .torchvisionResNet else {
                throw CutisError(
                    .checkpointUnsupported, "\(source.path) does not have the names of a torchvision ViT or ResNet.",
                    remedy: "Leave --kind away; `cutis inspect` shows the names.")
            }
            return found
        }
    }
}
