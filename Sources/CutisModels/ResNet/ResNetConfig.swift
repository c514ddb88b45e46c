public import CutisCore

/// The numbers that decide what a residual network computes (He et al. 2015, in the form of torchvision).
public struct ResNetConfig: Codable, Sendable, Hashable {
    /// Blocks per stage, such as [3, 4, 6, 3].
    public var blocks: [Int]
    /// Blocks of three convolutions (ResNet-50 and larger) instead of two.
    public var bottleneck: Bool
    /// Channels after the first convolution.
    public var stemWidth: Int
    /// Inner channels per stage; a bottleneck puts out four times as many.
    public var stageWidths: [Int]
    /// Channels of the image.
    public var channels: Int
    /// Whether the first stage halves the image too (an option of Hugging Face's).
    public var downsampleFirstStage: Bool
    /// Whether a bottleneck's stride is in its first convolution (the paper) instead of its second (torchvision).
    public var strideInFirstConvolution: Bool
    /// Added to the variance by every batch normalisation.
    public var normEpsilon: Double
    /// Classes, or nil without a head.
    public var classCount: Int?
    /// Share of zeros before the head in training.
    public var headDropout: Double

    /// Makes a configuration.
    ///
    /// - Parameter stageWidths: nil doubles the stem's width at every stage, as all published ResNets do.
    public init(
        blocks: [Int], bottleneck: Bool, stemWidth: Int = 64, stageWidths: [Int]? = nil, channels: Int = 3,
        downsampleFirstStage: Bool = false, strideInFirstConvolution: Bool = false, normEpsilon: Double = 1e-5,
        classCount: Int? = nil, headDropout: Double = 0
    ) {
        self.blocks = blocks
        self.bottleneck = bottleneck
        self.stemWidth = stemWidth
        self.stageWidths = stageWidths ?? blocks.indices.map { min(max(stemWidth, 0), 1 << 20) << min($0, 20) }
        self.channels = channels
        self.downsampleFirstStage = downsampleFirstStage
        self.strideInFirstConvolution = strideInFirstConvolution
        self.normEpsilon = normEpsilon
        self.classCount = classCount
        self.headDropout = headDropout
    }

    /// ResNet-18 with a stem of any width.
    public static func resNet18(stemWidth: Int = 64, classCount: Int?, headDropout: Double = 0) -> ResNetConfig {
        ResNetConfig(
            blocks: [2, 2, 2, 2], bottleneck: false, stemWidth: stemWidth, classCount: classCount,
            headDropout: headDropout)
    }

    /// ResNet-34 with a stem of any width.
    public static func resNet34(stemWidth: Int = 64, classCount: Int?, headDropout: Double = 0) -> ResNetConfig {
        ResNetConfig(
            blocks: [3, 4, 6, 3], bottleneck: false, stemWidth: stemWidth, classCount: classCount,
            headDropout: headDropout)
    }

    /// ResNet-50 with a stem of any width.
    public static func resNet50(stemWidth: Int = 64, classCount: Int?, headDropout: Double = 0) -> ResNetConfig {
        ResNetConfig(
            blocks: [3, 4, 6, 3], bottleneck: true, stemWidth: stemWidth, classCount: classCount,
            headDropout: headDropout)
    }

    /// Outer channels per inner channel of a block.
    var expansion: Int { bottleneck ? 4 : 1 }

    /// Channels after the last stage.
    public var featureWidth: Int { (stageWidths.last ?? stemWidth) * expansion }

    enum CodingKeys: String, CodingKey {
        case blocks, bottleneck, channels
        case stemWidth = "stem_width"
        case stageWidths = "stage_widths"
        case downsampleFirstStage = "downsample_first_stage"
        case strideInFirstConvolution = "stride_in_first_convolution"
        case normEpsilon = "norm_epsilon"
        case classCount = "class_count"
        case headDropout = "head_dropout"
    }
}

extension ResNetConfig {
    /// Checks that every number is within its limits and fits the others.
    ///
    /// - Throws: `.configInvalid` that names the key.
    public func validate() throws(CutisError) {
        typealias Limits = ConfigurationLimits
        try Limits.check(blocks.count, 1...8, "the number of stages")
        guard stageWidths.count == blocks.count else {
            throw Limits.invalid("stage_widths has \(stageWidths.count) numbers for \(blocks.count) stages")
        }
        for count in blocks { try Limits.check(count, Limits.depth, "blocks") }
        for width in stageWidths { try Limits.check(width, Limits.width, "stage_widths") }
        try Limits.check(stemWidth, Limits.width, "stem_width")
        try Limits.check(channels, Limits.channels, "channels")
        try Limits.check(normEpsilon, Limits.epsilon, "norm_epsilon")
        try Limits.check(headDropout, Limits.dropout, "head_dropout")
        if let classCount { try Limits.check(classCount, Limits.classes, "class_count") }
    }
}
