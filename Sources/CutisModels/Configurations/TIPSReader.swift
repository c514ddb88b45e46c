import CutisCore
import CutisFormats

/// `config.json` of TIPSv2: the published one (flat) and transformers' own (`vision_config`).
enum TIPSReader {
    private static let published = [
        "vit_small": 6, "vit_base": 12, "vit_large": 16, "vit_so400m": 16, "vit_giant2": 24,
    ]

    static func read(
        _ config: ConfigObject?, _ probe: ShapeProbe, assumptions: inout [String]
    ) throws(CutisError) -> ViTConfig {
        typealias Limits = ConfigurationLimits
        var hints = ViTHints(positionTable: .classAndPatches, positionResize: .bilinearAntialias)
        if let config {
            let type = try config.text("model_type") ?? "tipsv2"
            guard type.hasPrefix("tipsv2") else {
                throw config.error("model_type", "\"\(type)\" is not \"tipsv2\"")
            }
            let vision = try config.object("vision_config") ?? config
            hints.imageSize = try vision.size(vision.has("image_size") ? "image_size" : "img_size")
            hints.patchSize = try vision.integer("patch_size", in: Limits.patch)
            hints.channels = try vision.integer("num_channels", in: Limits.channels)
            hints.width = try vision.integer(vision.has("hidden_size") ? "hidden_size" : "embed_dim", in: Limits.width)
            hints.depth = try vision.integer("num_hidden_layers", in: Limits.depth)
            hints.heads = try vision.text("vision_fn").flatMap { published[$0] }
            if let heads = try vision.integer("num_attention_heads", in: Limits.heads) { hints.heads = heads }
            hints.normEpsilon = try vision.number("layer_norm_eps", in: Limits.epsilon) ?? 1e-6
            hints.qkvBias = try vision.flag("qkv_bias")
            hints.registers = try vision.integer("num_register_tokens", in: Limits.registers)
            if let name = try vision.text("hidden_act") {
                hints.activation = try .named(name, in: vision, key: "hidden_act")
            }
        } else {
            assumptions.append("The position table's own grid is taken as the image size.")
        }
        return try ViTConfig(probe, hints, assumptions: &assumptions)
    }
}
