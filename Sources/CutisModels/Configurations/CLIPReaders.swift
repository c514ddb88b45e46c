import CutisCore
import CutisFormats

/// `open_clip_config.json`.
enum OpenCLIPReader {
    private static let unsupported = [
        "timm_model_name", "attentional_pool", "qk_norm", "scaled_cosine_attn", "scale_heads", "scale_attn_inner",
        "scale_attn", "scale_fc", "act_kwargs",
    ]

    static func read(
        _ config: ConfigObject?, _ probe: ShapeProbe, assumptions: inout [String]
    ) throws(CutisError) -> ViTConfig {
        typealias Limits = ConfigurationLimits
        var hints = ViTHints(normEpsilon: 1e-5, positionTable: .classAndPatches, positionResize: .bicubicAntialias)
        // OpenAI's own state dictionary carries three numbers of its configuration.
        let sentinel = probe.archive.tensors["input_resolution"] != nil
        guard let model = try config?.object("model_cfg") else {
            hints.activation = sentinel ? .quickGELU : .gelu
            assumptions.append(
                sentinel
                    ? "QuickGELU, because the state dictionary is OpenAI's own."
                    : "Erf GELU is the library's default; without open_clip_config.json nothing says otherwise.")
            return try ViTConfig(probe, hints, assumptions: &assumptions)
        }
        guard let vision = try model.object("vision_cfg") else { throw model.error("vision_cfg", "it is missing") }
        for key in unsupported where vision.has(key) && vision[key] != .flag(false) {
            throw vision.error(key, "this option is not supported")
        }
        if let layers = vision["layers"], case .list = layers {
            throw vision.error("layers", "a residual CLIP tower is not supported")
        }
        let pool = try vision.text("pool_type") ?? "tok"
        let normsLast = try vision.flag("final_ln_after_pool") ?? false
        guard pool == "tok", !normsLast else {
            throw vision.error("pool_type", "only the class token after the norm is supported")
        }
        if let type = try vision.text("pos_embed_type"), type != "learnable" {
            throw vision.error("pos_embed_type", "\"\(type)\" is not supported")
        }
        hints.imageSize = try vision.size("image_size") ?? [224, 224]
        hints.patchSize = try vision.integer("patch_size", in: Limits.patch)
        hints.width = try vision.integer("width", in: Limits.width)
        hints.depth = try vision.integer("layers", in: Limits.depth)
        let headWidth = try vision.integer("head_width", in: Limits.width) ?? 64
        if let width = hints.width ?? probe.shape("patch_embedding.weight")?.first { hints.heads = width / headWidth }
        hints.projectionWidth = try model.integer("embed_dim", in: Limits.classes)
        if let epsilon = try vision.object("norm_kwargs")?.number("eps", in: Limits.epsilon) {
            hints.normEpsilon = epsilon
        }
        hints.activation = try model.flag("quick_gelu") ?? false ? .quickGELU : .gelu
        let tags = try [model.text("pretrained"), config?.text("tag")]
        try ActivationOrigin.check(
            hints.activation, isOpenAI: sentinel || tags.contains("openai"),
            evidence: sentinel ? "the tensor input_resolution" : "the tag \"openai\"", path: model.path)
        return try ViTConfig(probe, hints, assumptions: &assumptions)
    }
}

/// `config.json` of Hugging Face's CLIP.
enum HuggingFaceCLIPReader {
    static func read(
        _ config: ConfigObject?, _ probe: ShapeProbe, assumptions: inout [String]
    ) throws(CutisError) -> ViTConfig {
        typealias Limits = ConfigurationLimits
        var hints = ViTHints(
            normEpsilon: 1e-5, activation: .quickGELU, positionTable: .classAndPatches, positionResize: .bicubic)
        guard let config else {
            assumptions.append("QuickGELU is the library's default; without config.json nothing says otherwise.")
            return try ViTConfig(probe, hints, assumptions: &assumptions)
        }
        let type = try config.text("model_type") ?? "clip"
        guard type == "clip" || type == "clip_vision_model" else {
            throw config.error("model_type", "\"\(type)\" is not \"clip\"")
        }
        let vision = try config.object("vision_config") ?? config
        hints.imageSize = try vision.size("image_size") ?? [224, 224]
        hints.patchSize = try vision.integer("patch_size", in: Limits.patch)
        hints.channels = try vision.integer("num_channels", in: Limits.channels)
        hints.width = try vision.integer("hidden_size", in: Limits.width)
        hints.depth = try vision.integer("num_hidden_layers", in: Limits.depth)
        hints.heads = try vision.integer("num_attention_heads", in: Limits.heads)
        hints.mlpWidth = try vision.integer("intermediate_size", in: Limits.hidden)
        hints.normEpsilon = try vision.number("layer_norm_eps", in: Limits.epsilon) ?? 1e-5
        if probe.has("projection.weight") {
            hints.projectionWidth = try config.integer("projection_dim", in: Limits.classes)
        }
        if let name = try vision.text("hidden_act") {
            hints.activation = try .named(name, in: vision, key: "hidden_act")
        }
        let origin = try config.text("_name_or_path") ?? ""
        try ActivationOrigin.check(
            hints.activation, isOpenAI: origin.hasPrefix("openai/clip-vit"), evidence: "`_name_or_path` (\(origin))",
            path: config.path)
        return try ViTConfig(probe, hints, assumptions: &assumptions)
    }
}
