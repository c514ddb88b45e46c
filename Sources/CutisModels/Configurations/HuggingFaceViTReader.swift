import CutisCore
import CutisFormats

/// `config.json` of Hugging Face's ViT.
enum HuggingFaceViTReader {
    static func read(
        _ config: ConfigObject?, _ probe: ShapeProbe, assumptions: inout [String]
    ) throws(CutisError) -> ViTConfig {
        typealias Limits = ConfigurationLimits
        var hints = ViTHints(normEpsilon: 1e-12, positionResize: .bicubic)
        if let config {
            if let type = try config.text("model_type"), type != "vit" {
                throw config.error("model_type", "\"\(type)\" is not \"vit\"")
            }
            hints.imageSize = try config.size("image_size")
            hints.patchSize = try config.integer("patch_size", in: Limits.patch)
            hints.channels = try config.integer("num_channels", in: Limits.channels)
            hints.width = try config.integer("hidden_size", in: Limits.width)
            hints.depth = try config.integer("num_hidden_layers", in: Limits.depth)
            hints.heads = try config.integer("num_attention_heads", in: Limits.heads)
            hints.mlpWidth = try config.integer("intermediate_size", in: Limits.hidden)
            hints.normEpsilon = try config.number("layer_norm_eps", in: Limits.epsilon) ?? 1e-12
            hints.qkvBias = try config.flag("qkv_bias")
            if let name = try config.text("hidden_act") {
                hints.activation = try .named(name, in: config, key: "hidden_act")
            }
        } else {
            assumptions.append("Norm epsilon 1e-12 and erf GELU are the library's defaults.")
        }
        return try ViTConfig(probe, hints, assumptions: &assumptions)
    }

    /// The classes in order: `id2label` with the keys "0", "1", ….
    static func labels(_ config: ConfigObject?, count: Int?) throws(CutisError) -> [String]? {
        guard let config, let map = try config.object("id2label"), let count else { return nil }
        guard map.members.count == count else {
            throw CutisError(
                .labelsMismatch,
                "\(config.path) names \(map.members.count) classes in `id2label`, the checkpoint's head has \(count).",
                remedy: "Check that config.json and the weights belong together.")
        }
        return try (0..<count).map { (index) throws(CutisError) -> String in
            guard let label = try map.text(String(index)) else { throw map.error(String(index), "it is missing") }
            return label
        }
    }
}
