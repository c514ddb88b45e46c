extension KeyLayout {
    /// The vision tower of OpenCLIP, and of OpenAI's CLIP as a state dictionary.
    public static let openCLIP = KeyLayout(
        "open-clip", anchors: ["{p}class_embedding"], prefixes: ["visual."],
        ignorable: [
            "transformer.*": "text tower",
            "token_embedding.*": "text tower",
            "positional_embedding": "text tower",
            "ln_final.*": "text tower",
            "text_projection": "text tower",
            "text.*": "text tower",
            "attn_mask": "text tower",
            "logit_scale": "scale of the text comparison",
            "logit_bias": "scale of the text comparison",
            "input_resolution": "a number of OpenAI's configuration",
            "context_length": "a number of OpenAI's configuration",
            "vocab_size": "a number of OpenAI's configuration",
        ],
        rules: [
            "class_token": .reshape("{p}class_embedding"),
            "position_embedding": .reshape("{p}positional_embedding"),
            "patch_embedding.*": "{p}conv1.*",
            "pre_norm.*": "{p}ln_pre.*",
            "blocks.{i}.norm1.*": "{p}transformer.resblocks.{i}.ln_1.*",
            "blocks.{i}.attention.qkv.*": "{p}transformer.resblocks.{i}.attn.in_proj_*",
            "blocks.{i}.attention.projection.*": "{p}transformer.resblocks.{i}.attn.out_proj.*",
            "blocks.{i}.scale1": "{p}transformer.resblocks.{i}.ls_1.gamma",
            "blocks.{i}.norm2.*": "{p}transformer.resblocks.{i}.ln_2.*",
            "blocks.{i}.mlp.fc1.*": "{p}transformer.resblocks.{i}.mlp.c_fc.*",
            "blocks.{i}.mlp.fc2.*": "{p}transformer.resblocks.{i}.mlp.c_proj.*",
            "blocks.{i}.scale2": "{p}transformer.resblocks.{i}.ls_2.gamma",
            "norm.*": "{p}ln_post.*",
            "projection.weight": "{p}proj",
        ])

    /// The vision tower of Hugging Face's `CLIPModel` and `CLIPVisionModelWithProjection`.
    public static let huggingFaceCLIP = KeyLayout(
        "hf-clip", anchors: ["{p}embeddings.class_embedding"], prefixes: ["vision_model."],
        ignorable: [
            "text_model.*": "text tower",
            "text_projection.*": "text tower",
            "logit_scale": "scale of the text comparison",
            "{p}embeddings.position_ids": "the numbers 0, 1, 2, … of older files",
        ],
        rules: [
            "class_token": .reshape("{p}embeddings.class_embedding"),
            "position_embedding": .reshape("{p}embeddings.position_embedding.weight"),
            "patch_embedding.*": "{p}embeddings.patch_embedding.*",
            // The library's own spelling.
            "pre_norm.*": "{p}pre_layrnorm.*",
            "blocks.{i}.norm1.*": "{p}encoder.layers.{i}.layer_norm1.*",
            "blocks.{i}.attention.qkv.*": .concat([
                "{p}encoder.layers.{i}.self_attn.q_proj.*", "{p}encoder.layers.{i}.self_attn.k_proj.*",
                "{p}encoder.layers.{i}.self_attn.v_proj.*",
            ]),
            "blocks.{i}.attention.projection.*": "{p}encoder.layers.{i}.self_attn.out_proj.*",
            "blocks.{i}.norm2.*": "{p}encoder.layers.{i}.layer_norm2.*",
            "blocks.{i}.mlp.fc1.*": "{p}encoder.layers.{i}.mlp.fc1.*",
            "blocks.{i}.mlp.fc2.*": "{p}encoder.layers.{i}.mlp.fc2.*",
            "norm.*": "{p}post_layernorm.*",
            "projection.weight": .transpose("visual_projection.weight"),
        ])
}
