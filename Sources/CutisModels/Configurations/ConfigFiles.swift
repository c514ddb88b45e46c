import CutisCore
import Foundation

/// The configuration files of a snapshot folder that belong to one published form.
struct ConfigFiles {
    /// What describes the network, or nil.
    let model: ConfigObject?
    /// What describes the preprocessing by itself, or nil.
    let preprocessor: ConfigObject?
    /// Whether `model` is timm's.
    let isTimm: Bool

    /// - Parameter mayBeForeign: leaves out a config.json of another kind of model instead of refusing it.
    init(_ folder: URL?, kind: ModelKind, mayBeForeign: Bool) throws(CutisError) {
        guard let folder else {
            (model, preprocessor, isTimm) = (nil, nil, false)
            return
        }
        let name = kind == .openCLIP ? "open_clip_config.json" : "config.json"
        let found = try Self.read(folder, name)
        let timm = found?.has("architecture") ?? false
        let fits = try found.map { config throws(CutisError) in try Self.fits(config, kind, isTimm: timm) } ?? false
        if found != nil, !fits, !mayBeForeign, let found {
            throw found.error(
                timm ? "architecture" : "model_type",
                "this file does not describe a \(kind.title), which the tensors are")
        }
        model = fits ? found : nil
        isTimm = fits && timm
        preprocessor = fits || found == nil ? try Self.read(folder, "preprocessor_config.json") : nil
    }

    private static func fits(_ config: ConfigObject, _ kind: ModelKind, isTimm: Bool) throws(CutisError) -> Bool {
        let type = try config.text("model_type")
        switch kind {
        case .huggingFaceViT: return type == "vit"
        case .tipsv2: return type?.hasPrefix("tipsv2") ?? true
        case .huggingFaceCLIP: return type == "clip" || type == "clip_vision_model"
        case .huggingFaceResNet: return type == "resnet"
        case .openCLIP: return config.has("model_cfg")
        case .timmViT, .torchvisionResNet: return isTimm
        case .torchvisionViT, .gatedAttentionMIL, .cutis: return false
        }
    }

    private static func read(_ folder: URL, _ name: String) throws(CutisError) -> ConfigObject? {
        let url = folder.appendingPathComponent(name)
        guard FileManager.default.fileExists(atPath: url.path) else { return nil }
        return try ConfigObject.read(url)
    }
}
