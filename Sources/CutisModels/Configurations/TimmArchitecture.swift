/// What the name of a timm architecture says that its tensors do not.
///
/// The tests compare these rules with every entry point of timm 1.0.31: all of its vision transformers that compute
/// what `VisionTransformer` computes follow them, and the others are refused.
package enum TimmArchitecture {
    /// Parts of names of transformers that have the names of plain tensors, or some of them, and compute otherwise.
    private static let otherComputations = [
        "_rpn_", "_xp_", "_18x2_", "_dlittle_", "_dpwee_", "_dwee_", "_pwee_", "_radio_", "_intern300m_", "aimv2",
        "beit", "distilled", "test_vit3", "test_vit4", "_relpos_", "_srelpos_", "_rope_", "_map_",
    ]

    private static let prefixes = ["vit_", "eva_large_patch14", "flexivit_", "deit_", "deit3_", "test_vit"]

    /// Heads that do not follow from the width.
    private static let heads = [
        "vit_base_patch16_gap_224": 16, "test_vit": 2, "test_vit2": 2,
    ]

    private static let tanh = [
        "vit_base_patch32_siglip", "giantopt", "vit_so400m_patch16_siglip", "vit_large_patch16_siglip_512",
        "vit_large_patch16_siglip_gap_512",
    ]

    /// Whether a vision transformer of this name computes what `VisionTransformer` computes.
    package static func isPlainTransformer(_ name: String) -> Bool {
        // SigLIP towers pool by attention unless their name says otherwise.
        let poolsByAttention = name.contains("siglip") && !name.contains("_gap_")
        return prefixes.contains { name.hasPrefix($0) } && !otherComputations.contains { name.contains($0) }
            && !poolsByAttention
    }

    /// Whether a residual network of this name computes what `ResNet` computes.
    package static func isPlainResNet(_ name: String) -> Bool {
        let base = name.hasPrefix("tv_") ? name.dropFirst(3) : name[...]
        return ["resnet18", "resnet34", "resnet50", "resnet101", "resnet152"].contains(base)
    }

    package static func heads(_ name: String, width: Int) -> Int? {
        if let known = heads[name] { return known }
        if name.contains("giantopt") { return 16 }
        return ViTConfig.usualHeads(width: width)
    }

    package static func epsilon(_ name: String) -> Double {
        name.contains("_clip_") ? 1e-5 : 1e-6
    }

    package static func activation(_ name: String) -> FeedForwardActivation {
        if name.contains("quickgelu") { return .quickGELU }
        return tanh.contains { name.contains($0) } ? .geluTanh : .gelu
    }

    package static func pooling(_ name: String) -> ViTConfig.Pooling? {
        name.contains("_gap_") || name.hasPrefix("eva_large") ? .average : nil
    }
}
