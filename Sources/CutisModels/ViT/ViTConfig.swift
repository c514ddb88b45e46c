/// The numbers that decide what a vision transformer computes. Names of weights are not among them (`KeyLayout`).
public struct ViTConfig: Codable, Sendable, Hashable {
    /// Which tokens have a row in the position table, which is added before the first block.
    public enum PositionTable: String, Codable, Sendable, CaseIterable {
        /// Patches only.
        case patches
        /// The class token, then the patches.
        case classAndPatches = "class_and_patches"
        /// The class token, the registers, then the patches.
        case allTokens = "all_tokens"
    }

    /// How the position table is brought to another grid of patches; with the grid that it has it is never touched.
    public enum PositionResize: String, Codable, Sendable, CaseIterable {
        /// Other image sizes are refused (torchvision).
        case refuse
        /// Bilinear with antialias (TIPSv2).
        case bilinearAntialias = "bilinear_antialias"
        /// Bicubic with antialias (timm, OpenCLIP).
        case bicubicAntialias = "bicubic_antialias"
        /// Bicubic without antialias (Hugging Face).
        case bicubic
    }

    /// What the head sees.
    public enum Pooling: String, Codable, Sendable, CaseIterable {
        /// The class token.
        case classToken = "class_token"
        /// The mean of the patches.
        case average
    }

    /// Where the last layer normalisation stands.
    public enum FinalNorm: String, Codable, Sendable, CaseIterable {
        /// On every token, before pooling.
        case tokens
        /// On the pooled vector (timm's `fc_norm`).
        case pooled
    }

    /// Height and width of the images that the position table was made for, in pixels.
    public var imageSize: [Int]
    /// Side of a patch in pixels.
    public var patchSize: Int
    /// Channels of the image.
    public var channels: Int
    /// Numbers per token.
    public var width: Int
    /// Blocks.
    public var depth: Int
    /// Attention heads; they divide the width.
    public var heads: Int
    /// Hidden numbers of the feed-forward part (of one half, with SwiGLU).
    public var mlpWidth: Int
    /// Added to the variance by every layer normalisation.
    public var normEpsilon: Double
    /// The feed-forward part's activation.
    public var activation: FeedForwardActivation
    /// Whether q, k and v have a bias.
    public var qkvBias: Bool
    /// Whether the patch convolution has a bias.
    public var patchBias: Bool
    /// Whether each branch is scaled per channel.
    public var layerScale: Bool
    /// Whether there is a class token.
    public var classToken: Bool
    /// Tokens between the class token and the patches that belong to no place.
    public var registers: Int
    /// Whether the tokens are normalised before the first block (CLIP).
    public var preNorm: Bool
    /// Which tokens have a row in the position table.
    public var positionTable: PositionTable
    /// How the position table follows another image size.
    public var positionResize: PositionResize
    /// What the head sees.
    public var pooling: Pooling
    /// Where the last normalisation stands.
    public var finalNorm: FinalNorm
    /// Width of a tanh layer before the head (torchvision's `pre_logits`), or nil.
    public var representationWidth: Int?
    /// Classes, or nil without a head.
    public var classCount: Int?
    /// Width of the embedding (CLIP's projection), or nil.
    public var projectionWidth: Int?
    /// Share of zeros before the head in training.
    public var headDropout: Double

    /// Makes a configuration; what is left out is as in torchvision's ViT.
    public init(
        imageSize: [Int], patchSize: Int, width: Int, depth: Int, heads: Int, mlpWidth: Int, channels: Int = 3,
        normEpsilon: Double = 1e-6, activation: FeedForwardActivation = .gelu, qkvBias: Bool = true,
        patchBias: Bool = true, layerScale: Bool = false, classToken: Bool = true, registers: Int = 0,
        preNorm: Bool = false, positionTable: PositionTable = .classAndPatches,
        positionResize: PositionResize = .refuse, pooling: Pooling = .classToken, finalNorm: FinalNorm = .tokens,
        representationWidth: Int? = nil, classCount: Int? = nil, projectionWidth: Int? = nil, headDropout: Double = 0
    ) {
        self.imageSize = imageSize
        self.patchSize = patchSize
        self.channels = channels
        self.width = width
        self.depth = depth
        self.heads = heads
        self.mlpWidth = mlpWidth
        self.normEpsilon = normEpsilon
        self.activation = activation
        self.qkvBias = qkvBias
        self.patchBias = patchBias
        self.layerScale = layerScale
        self.classToken = classToken
        self.registers = registers
        self.preNorm = preNorm
        self.positionTable = positionTable
        self.positionResize = positionResize
        self.pooling = pooling
        self.finalNorm = finalNorm
        self.representationWidth = representationWidth
        self.classCount = classCount
        self.projectionWidth = projectionWidth
        self.headDropout = headDropout
    }

    enum CodingKeys: String, CodingKey {
        case channels, width, depth, heads, activation, registers, pooling
        case imageSize = "image_size"
        case patchSize = "patch_size"
        case mlpWidth = "mlp_width"
        case normEpsilon = "norm_epsilon"
        case qkvBias = "qkv_bias"
        case patchBias = "patch_bias"
        case layerScale = "layer_scale"
        case classToken = "class_token"
        case preNorm = "pre_norm"
        case positionTable = "position_table"
        case positionResize = "position_resize"
        case finalNorm = "final_norm"
        case representationWidth = "representation_width"
        case classCount = "class_count"
        case projectionWidth = "projection_width"
        case headDropout = "head_dropout"
    }
}

extension ViTConfig {
    /// Tokens before the patches.
    public var prefixTokens: Int { (classToken ? 1 : 0) + registers }

    /// Rows of the position table before those of the patches.
    var positionPrefix: Int {
        switch positionTable {
        case .patches: 0
        case .classAndPatches: 1
        case .allTokens: prefixTokens
        }
    }

    /// Rows and columns of the patches at `imageSize`.
    public var grid: (rows: Int, columns: Int) {
        guard patchSize > 0, imageSize.count == 2 else { return (0, 0) }
        return (imageSize[0] / patchSize, imageSize[1] / patchSize)
    }
}
