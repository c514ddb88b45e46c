extension KeyLayout {
    /// The names that Cutis writes itself: every canonical name stands for itself.
    public static let cutis = KeyLayout(
        "cutis", anchors: ["patch_embedding.weight", "conv1.weight"], isIdentity: true, rules: [:])

    /// torchvision's `VisionTransformer`, with the MLP names of version 1 too.
    public static let torchvisionViT = KeyLayout(
        "torchvision-vit", anchors: ["conv_proj.weight"],
        rules: [
            "class_token": "class_token",
            "position_embedding": "encoder.pos_embedding",
            "patch_embedding.*": "conv_proj.*",
            "blocks.{i}.norm1.*": "encoder.layers.encoder_layer_{i}.ln_1.*",
            "blocks.{i}.attention.qkv.*": "encoder.layers.encoder_layer_{i}.self_attention.in_proj_*",
            "blocks.{i}.attention.projection.*": "encoder.layers.encoder_layer_{i}.self_attention.out_proj.*",
            "blocks.{i}.norm2.*": "encoder.layers.encoder_layer_{i}.ln_2.*",
            "blocks.{i}.mlp.fc1.*": .firstOf([
                "encoder.layers.encoder_layer_{i}.mlp.0.*", "encoder.layers.encoder_layer_{i}.mlp.linear_1.*",
            ]),
            "blocks.{i}.mlp.fc2.*": .firstOf([
                "encoder.layers.encoder_layer_{i}.mlp.3.*", "encoder.layers.encoder_layer_{i}.mlp.linear_2.*",
            ]),
            "norm.*": "encoder.ln.*",
            "pre_logits.*": "heads.pre_logits.*",
            "head.*": "heads.head.*",
        ])

    /// Hugging Face's `ViTForImageClassification` and `ViTModel`: the names in files and those in memory since
    /// transformers 5, with and without the `vit.` prefix.
    public static let huggingFaceViT = KeyLayout(
        "hf-vit", anchors: ["{p}embeddings.cls_token"], prefixes: ["vit.", ""],
        ignorable: [
            "{p}pooler.*": "pooler of the base model, which the classifier does not use",
            "{p}embeddings.mask_token": "mask of the pre-training",
        ],
        rules: [
            "class_token": "{p}embeddings.cls_token",
            "position_embedding": "{p}embeddings.position_embeddings",
            "patch_embedding.*": "{p}embeddings.patch_embeddings.projection.*",
            "blocks.{i}.norm1.*": layer("layernorm_before.*", "layernorm_before.*"),
            "blocks.{i}.attention.qkv.*": .firstOf([
                .concat([
                    "{p}encoder.layer.{i}.attention.attention.query.*",
                    "{p}encoder.layer.{i}.attention.attention.key.*",
                    "{p}encoder.layer.{i}.attention.attention.value.*",
                ]),
                .concat([
                    "{p}layers.{i}.attention.q_proj.*", "{p}layers.{i}.attention.k_proj.*",
                    "{p}layers.{i}.attention.v_proj.*",
                ]),
            ]),
            "blocks.{i}.attention.projection.*": layer("attention.output.dense.*", "attention.o_proj.*"),
            "blocks.{i}.norm2.*": layer("layernorm_after.*", "layernorm_after.*"),
            "blocks.{i}.mlp.fc1.*": layer("intermediate.dense.*", "mlp.fc1.*"),
            "blocks.{i}.mlp.fc2.*": layer("output.dense.*", "mlp.fc2.*"),
            "norm.*": "{p}layernorm.*",
            "head.*": "classifier.*",
        ])

    /// timm's `VisionTransformer`: plain, with LayerScale, registers, `norm_pre` or `fc_norm`.
    public static let timmViT = KeyLayout(
        "timm-vit", anchors: ["{p}patch_embed.proj.weight"], prefixes: ["", "timm_model."],
        rules: [
            "class_token": "{p}cls_token",
            "register_tokens": "{p}reg_token",
            "position_embedding": "{p}pos_embed",
            "patch_embedding.*": "{p}patch_embed.proj.*",
            "pre_norm.*": "{p}norm_pre.*",
            "blocks.{i}.norm1.*": "{p}blocks.{i}.norm1.*",
            "blocks.{i}.attention.qkv.*": "{p}blocks.{i}.attn.qkv.*",
            "blocks.{i}.attention.projection.*": "{p}blocks.{i}.attn.proj.*",
            "blocks.{i}.scale1": "{p}blocks.{i}.ls1.gamma",
            "blocks.{i}.norm2.*": "{p}blocks.{i}.norm2.*",
            "blocks.{i}.mlp.fc1.*": "{p}blocks.{i}.mlp.fc1.*",
            "blocks.{i}.mlp.fc2.*": "{p}blocks.{i}.mlp.fc2.*",
            "blocks.{i}.scale2": "{p}blocks.{i}.ls2.gamma",
            "norm.*": .firstOf(["{p}norm.*", "{p}fc_norm.*"]),
            "head.*": "{p}head.*",
        ])

    /// A part of a layer under its name in files or its name in memory.
    private static func layer(_ file: String, _ memory: String) -> WeightSource {
        .firstOf([.same("{p}encoder.layer.{i}." + file), .same("{p}layers.{i}." + memory)])
    }
}
