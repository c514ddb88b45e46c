import CutisCore
import CutisFormats

/// What a configuration file says about a residual network beyond its tensors.
struct ResNetHints {
    var downsampleFirstStage = false
    var strideInFirstConvolution = false
    var blocks: [Int]?
}

extension ResNetConfig {
    /// Reads the network off the shapes of its tensors.
    ///
    /// - Throws: `.checkpointUnsupported` where something stays unknown, `.configInvalid` where a number is out
    ///   of range.
    init(_ probe: ShapeProbe, _ hints: ResNetHints) throws(CutisError) {
        let stages = hints.blocks?.count ?? (1...8).prefix { probe.has("layer\($0).0.conv1.weight") }.count
        let blocks =
            hints.blocks
            ?? (0..<stages).map { stage in
                probe.count { "layer\(stage + 1).\($0).conv1.weight" }
            }
        guard let stem = probe.shape("conv1.weight"), stem.count == 4, stages > 0 else {
            throw probe.unknown("stem")
        }
        guard stem[2] == 7, stem[3] == 7 else {
            throw CutisError(
                .checkpointUnsupported,
                "\(probe.archive.path) has a first convolution of \(stem[2])×\(stem[3]); only ResNets with a 7×7 one "
                    + "are supported.",
                remedy: "Use a plain ResNet-18, -34 or -50.")
        }
        var widths: [Int] = []
        for stage in 0..<stages {
            guard let width = probe.size("layer\(stage + 1).0.conv1.weight", 0) else {
                throw probe.unknown("width of stage \(stage + 1)")
            }
            widths.append(width)
        }
        self.init(
            blocks: blocks, bottleneck: probe.has("layer1.0.conv3.weight"), stemWidth: stem[0], stageWidths: widths,
            channels: stem[1], downsampleFirstStage: hints.downsampleFirstStage,
            strideInFirstConvolution: hints.strideInFirstConvolution, classCount: probe.size("fc.weight", 0))
        try validate()
    }
}

/// `config.json` of Hugging Face's ResNet.
enum HuggingFaceResNetReader {
    static func read(_ config: ConfigObject?, _ probe: ShapeProbe) throws(CutisError) -> ResNetConfig {
        var hints = ResNetHints()
        if let config {
            if let type = try config.text("model_type"), type != "resnet" {
                throw config.error("model_type", "\"\(type)\" is not \"resnet\"")
            }
            if let name = try config.text("hidden_act"), name != "relu" {
                throw config.error("hidden_act", "\"\(name)\" is not supported")
            }
            hints.downsampleFirstStage = try config.flag("downsample_in_first_stage") ?? false
            hints.strideInFirstConvolution = try config.flag("downsample_in_bottleneck") ?? false
            hints.blocks = try config.integers("depths", in: ConfigurationLimits.depth)
        }
        return try ResNetConfig(probe, hints)
    }
}
