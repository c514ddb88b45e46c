extension KeyLayout {
    private static let batchCount = "count of training batches"

    /// torchvision's and timm's ResNets; their names are the canonical ones.
    public static let torchvisionResNet = KeyLayout(
        "torchvision-resnet", anchors: ["conv1.weight"], isIdentity: true,
        ignorable: [
            "bn1.num_batches_tracked": batchCount,
            "layer{i}.{j}.bn{k}.num_batches_tracked": batchCount,
            "layer{i}.{j}.downsample.1.num_batches_tracked": batchCount,
        ],
        rules: [:])

    /// Hugging Face's `ResNetForImageClassification` and `ResNetModel`.
    public static let huggingFaceResNet = KeyLayout(
        "hf-resnet", anchors: ["{p}embedder.embedder.convolution.weight"], prefixes: ["resnet.", ""],
        ignorable: [
            "{p}embedder.embedder.normalization.num_batches_tracked": batchCount,
            "{p}encoder.stages.{i}.layers.{j}.layer.{k}.normalization.num_batches_tracked": batchCount,
            "{p}encoder.stages.{i}.layers.{j}.shortcut.normalization.num_batches_tracked": batchCount,
        ],
        rules: [
            "conv1.*": "{p}embedder.embedder.convolution.*",
            "bn1.*": "{p}embedder.embedder.normalization.*",
            "layer{i}.{j}.conv{k}.*": "{p}encoder.stages.{i-1}.layers.{j}.layer.{k-1}.convolution.*",
            "layer{i}.{j}.bn{k}.*": "{p}encoder.stages.{i-1}.layers.{j}.layer.{k-1}.normalization.*",
            "layer{i}.{j}.downsample.0.*": "{p}encoder.stages.{i-1}.layers.{j}.shortcut.convolution.*",
            "layer{i}.{j}.downsample.1.*": "{p}encoder.stages.{i-1}.layers.{j}.shortcut.normalization.*",
            "fc.*": "classifier.1.*",
        ])
}
