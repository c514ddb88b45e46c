public import CutisFormats

/// Tells what a checkpoint is by the names of its tensors.
public enum DialectSniffer {
    /// The published form that has these names, or nil where none does.
    ///
    /// It is a suggestion: loading checks every name and shape.
    public static func detect(_ archive: any TensorArchive) -> ModelKind? {
        func has(_ names: String...) -> Bool { names.allSatisfy { archive.tensors[$0] != nil } }
        if has("attention_tanh.weight", "attention_sigmoid.weight") { return .gatedAttentionMIL }
        if has("vision_encoder.pos_embed") || has("vision_model.embeddings.register_tokens") { return .tipsv2 }
        if has("visual.class_embedding", "visual.conv1.weight") { return .openCLIP }
        if has("vision_model.embeddings.class_embedding") { return .huggingFaceCLIP }
        if has("class_token", "encoder.pos_embedding", "conv_proj.weight") { return .torchvisionViT }
        for prefix in ["vit.", ""] where has(prefix + "embeddings.cls_token") {
            let first = ["encoder.layer.0.layernorm_before.weight", "layers.0.layernorm_before.weight"]
            if first.contains(where: { has(prefix + $0) }) { return .huggingFaceViT }
        }
        if has("patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "register_tokens") {
            // DINOv2 with registers has the same names and another computation; TIPSv2 has exactly one register.
            return archive.tensors["register_tokens"]?.shape.dropLast().last == 1 ? .tipsv2 : nil
        }
        for prefix in ["", "timm_model."]
        where has(prefix + "patch_embed.proj.weight", prefix + "blocks.0.norm1.weight") {
            return .timmViT
        }
        for prefix in ["resnet.", ""] where has(prefix + "embedder.embedder.convolution.weight") {
            return .huggingFaceResNet
        }
        if has("patch_embedding.weight", "blocks.0.attention.qkv.weight") { return .cutis }
        if has("conv1.weight", "bn1.running_mean", "layer1.0.conv1.weight") { return .torchvisionResNet }
        return nil
    }
}
