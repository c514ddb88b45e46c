extension KeyLayout {
    /// The vision tower of TIPSv2: the published names (`vision_encoder.`), those of transformers in memory
    /// (`vision_model.`), no prefix at all; MLP as fc1/fc2 or c_fc/c_proj, SwiGLU as w12/w3 or gate/up/down.
    public static let tipsv2 = KeyLayout(
        "tipsv2", anchors: ["{p}pos_embed", "{p}embeddings.position_embeddings"],
        prefixes: ["vision_encoder.", "vision_model.", ""],
        ignorable: [
            "text_encoder.*": "text tower",
            "text_model.*": "text tower",
            "temperature": "temperature of the text comparison",
            "temperature_contrastive": "temperature of the text comparison",
            "{p}mask_token": "mask of the pre-training",
            "{p}embeddings.mask_token": "mask of the pre-training",
        ],
        rules: [
            "class_token": .firstOf(["{p}cls_token", "{p}embeddings.cls_token"]),
            "register_tokens": .firstOf(["{p}register_tokens", "{p}embeddings.register_tokens"]),
            "position_embedding": .firstOf(["{p}pos_embed", "{p}embeddings.position_embeddings"]),
            "patch_embedding.*": .firstOf(["{p}patch_embed.proj.*", "{p}embeddings.patch_embeddings.projection.*"]),
            "blocks.{i}.norm1.*": tips("norm1.*", "norm1.*"),
            "blocks.{i}.attention.qkv.*": .firstOf([
                "{p}blocks.{i}.attn.qkv.*",
                .concat([
                    "{p}encoder.layer.{i}.attention.q_proj.*", "{p}encoder.layer.{i}.attention.k_proj.*",
                    "{p}encoder.layer.{i}.attention.v_proj.*",
                ]),
            ]),
            "blocks.{i}.attention.projection.*": tips("attn.proj.*", "attention.o_proj.*"),
            "blocks.{i}.scale1": tips("ls1.gamma", "layer_scale1.lambda1"),
            "blocks.{i}.norm2.*": tips("norm2.*", "norm2.*"),
            "blocks.{i}.mlp.fc1.*": .firstOf([
                "{p}blocks.{i}.mlp.fc1.*", "{p}blocks.{i}.mlp.c_fc.*", "{p}blocks.{i}.mlp.w12.*",
                "{p}encoder.layer.{i}.mlp.fc1.*",
                .concat(["{p}encoder.layer.{i}.mlp.gate_proj.*", "{p}encoder.layer.{i}.mlp.up_proj.*"]),
            ]),
            "blocks.{i}.mlp.fc2.*": .firstOf([
                "{p}blocks.{i}.mlp.fc2.*", "{p}blocks.{i}.mlp.c_proj.*", "{p}blocks.{i}.mlp.w3.*",
                "{p}encoder.layer.{i}.mlp.fc2.*", "{p}encoder.layer.{i}.mlp.down_proj.*",
            ]),
            "blocks.{i}.scale2": tips("ls2.gamma", "layer_scale2.lambda1"),
            "norm.*": .firstOf(["{p}norm.*", "{p}layernorm.*"]),
        ])

    /// A part of a block under its published name or its name in memory.
    private static func tips(_ published: String, _ memory: String) -> WeightSource {
        .firstOf([.same("{p}blocks.{i}." + published), .same("{p}encoder.layer.{i}." + memory)])
    }
}
