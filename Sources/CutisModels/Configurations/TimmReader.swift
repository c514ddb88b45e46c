import CutisCore
import CutisFormats

/// `config.json` of timm: architecture name, `model_args` and `pretrained_cfg`.
enum TimmReader {
    /// Arguments that change nothing at inference, or that the tensors show.
    private static let harmless: Set = [
        "img_size", "patch_size", "embed_dim", "depth", "num_heads", "mlp_ratio", "num_classes", "in_chans",
        "global_pool", "class_token", "reg_tokens", "no_embed_class", "pre_norm", "init_values", "fc_norm", "qkv_bias",
        "act_layer", "dynamic_img_size", "strict_img_size", "drop_rate", "pos_drop_rate", "patch_drop_rate",
        "proj_drop_rate", "attn_drop_rate", "drop_path_rate", "drop_block_rate", "weight_init", "fix_init", "layers",
        "channels", "zero_init_last", "pretrained_cfg",
    ]

    /// The preprocessing part: `pretrained_cfg`, or the file itself in older exports.
    static func pretrained(_ config: ConfigObject) throws(CutisError) -> ConfigObject {
        try config.object("pretrained_cfg") ?? config
    }

    static func transformer(
        _ config: ConfigObject?, _ probe: ShapeProbe, assumptions: inout [String]
    ) throws(CutisError) -> ViTConfig {
        typealias Limits = ConfigurationLimits
        var hints = ViTHints(positionResize: .bicubicAntialias)
        let hasPooledNorm = probe.archive.tensors[probe.prefix + "fc_norm.weight"] != nil
        let hasTokenNorm = probe.archive.tensors[probe.prefix + "norm.weight"] != nil
        hints.finalNorm = hasPooledNorm && !hasTokenNorm ? .pooled : .tokens
        if hints.finalNorm == .pooled { hints.pooling = .average }
        guard let config else {
            // timm's CLIP towers are the only ones with a norm before the blocks, and the only ones with this epsilon.
            if probe.has("pre_norm.weight") { hints.normEpsilon = 1e-5 }
            assumptions.append("Norm epsilon \(hints.normEpsilon) and erf GELU are the library's defaults.")
            return try ViTConfig(probe, hints, assumptions: &assumptions)
        }
        let name = try architecture(config)
        guard TimmArchitecture.isPlainTransformer(name) else {
            throw config.error("architecture", "\"\(name)\" is not a vision transformer that Cutis computes")
        }
        let arguments = try self.arguments(config)
        let pretrained = try pretrained(config)
        hints.imageSize = try pretrained.integers("input_size", in: Limits.image).map { Array($0.dropFirst()) }
        if let size = try arguments?.size("img_size") { hints.imageSize = size }
        hints.width = try arguments?.integer("embed_dim", in: Limits.width)
        hints.depth = try arguments?.integer("depth", in: Limits.depth)
        hints.patchSize = try arguments?.integer("patch_size", in: Limits.patch)
        hints.qkvBias = try arguments?.flag("qkv_bias")
        hints.normEpsilon = TimmArchitecture.epsilon(name)
        hints.activation = TimmArchitecture.activation(name)
        if let arguments, let text = try arguments.text("act_layer") {
            hints.activation = try .named(text, in: arguments, key: "act_layer")
        }
        let width = hints.width ?? probe.shape("patch_embedding.weight")?.first ?? 0
        hints.heads =
            try arguments?.integer("num_heads", in: Limits.heads)
            ?? TimmArchitecture.heads(name, width: width)
        hints.pooling = try pooling(config, arguments) ?? hints.pooling ?? TimmArchitecture.pooling(name)
        let tag = try pretrained.text("tag") ?? ""
        try ActivationOrigin.check(
            hints.activation, isOpenAI: tag == "openai", evidence: "the tag \"openai\"", path: config.path)
        return try ViTConfig(probe, hints, assumptions: &assumptions)
    }

    static func residual(
        _ config: ConfigObject, _ probe: ShapeProbe, assumptions: inout [String]
    ) throws(CutisError) -> ResNetConfig {
        let name = try architecture(config)
        guard TimmArchitecture.isPlainResNet(name) else {
            throw config.error("architecture", "\"\(name)\" is not a residual network that Cutis computes")
        }
        guard try pooling(config, arguments(config)) != .classToken else {
            throw config.error("global_pool", "a residual network has no class token")
        }
        return try ResNetConfig(probe, ResNetHints())
    }

    /// The classes in order, where the file names them.
    static func labels(_ config: ConfigObject?, count: Int?) throws(CutisError) -> [String]? {
        guard let config, let count else { return nil }
        let holder = config.has("label_names") ? config : try pretrained(config)
        guard let names = try holder.texts("label_names") else { return nil }
        guard names.count == count else {
            throw CutisError(
                .labelsMismatch,
                "\(config.path) names \(names.count) classes in `label_names`, the checkpoint's head has \(count).",
                remedy: "Check that config.json and the weights belong together.")
        }
        return names
    }

    private static func architecture(_ config: ConfigObject) throws(CutisError) -> String {
        guard let name = try config.text("architecture") else { throw config.error("architecture", "it is missing") }
        // The tag after the dot names the weights, not the architecture.
        return String(name.prefix { $0 != "." })
    }

    private static func arguments(_ config: ConfigObject) throws(CutisError) -> ConfigObject? {
        guard let arguments = try config.object("model_args") else { return nil }
        for key in arguments.members.keys.sorted() where !harmless.contains(key) && arguments.has(key) {
            let isSwitchedOff = arguments[key] == .flag(false) && key != "final_norm"
            guard isSwitchedOff || (key == "final_norm" && arguments[key] == .flag(true)) else {
                throw arguments.error(key, "this option is not supported")
            }
        }
        return arguments
    }

    private static func pooling(
        _ config: ConfigObject, _ arguments: ConfigObject?
    ) throws(CutisError) -> ViTConfig.Pooling? {
        let holder = arguments?.has("global_pool") ?? false ? arguments : config
        switch try holder?.text("global_pool") {
        case nil: return nil
        case "token": return .classToken
        case "avg": return .average
        case .some(let name): throw config.error("global_pool", "\"\(name)\" is not supported")
        }
    }
}
