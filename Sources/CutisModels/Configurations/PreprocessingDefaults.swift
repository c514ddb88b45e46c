/// The preprocessing that each library documents for models without a file that says it.
extension PreprocessingFields {
    /// The rule for a published form.
    ///
    /// - Parameter size: height and width of the network's input.
    static func standard(for kind: ModelKind, size: [Int]) -> PreprocessingFields {
        let (height, width) = (size.first ?? 224, size.last ?? 224)
        let origin = "the default of \(kind.title)s"
        switch kind {
        case .torchvisionViT, .torchvisionResNet:
            // The presets resize 256 for 224; larger inputs are the SWAG weights, which take 384 for 384, bicubic.
            let isPreset = height == width && height <= 224
            let side = isPreset ? height * 256 / 224 : min(height, width)
            return PreprocessingFields(
                resize: .shortestSide(side), interpolation: isPreset ? .bilinear : .bicubic, crop: [height, width],
                mean: ChannelStatistics.imageNet.mean, std: ChannelStatistics.imageNet.std, origin: origin)
        case .huggingFaceViT, .cutis, .gatedAttentionMIL:
            return PreprocessingFields(
                resize: .exact(height: height, width: width), interpolation: .bilinear,
                mean: ChannelStatistics.half.mean, std: ChannelStatistics.half.std, origin: origin)
        case .huggingFaceResNet:
            return PreprocessingFields(
                resize: .shortestSide(Int(Double(height) / 0.875)), interpolation: .bicubic, crop: [height, width],
                cropRoundsDown: true, mean: ChannelStatistics.imageNet.mean, std: ChannelStatistics.imageNet.std,
                origin: origin)
        case .timmViT:
            let share = height >= 384 ? 1.0 : 0.9
            return PreprocessingFields(
                resize: .shortestSide(Int(Double(height) / share)), interpolation: .bicubic, crop: [height, width],
                mean: ChannelStatistics.half.mean, std: ChannelStatistics.half.std, origin: origin)
        case .tipsv2:
            return PreprocessingFields(
                resize: .exact(height: height, width: width), interpolation: .bilinear,
                mean: ChannelStatistics.none.mean, std: ChannelStatistics.none.std, origin: origin)
        case .openCLIP, .huggingFaceCLIP:
            return PreprocessingFields(
                resize: .shortestSide(height), interpolation: .bicubic, crop: [height, width],
                cropRoundsDown: kind == .huggingFaceCLIP, mean: ChannelStatistics.clip.mean,
                std: ChannelStatistics.clip.std, origin: origin)
        }
    }
}
