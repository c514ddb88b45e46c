import CutisCore
import CutisFormats

/// What a configuration file says about a vision transformer; nil leaves it to the tensors and the library's rules.
struct ViTHints {
    var imageSize: [Int]?
    var patchSize: Int?
    var channels: Int?
    var width: Int?
    var depth: Int?
    var heads: Int?
    var mlpWidth: Int?
    var normEpsilon = 1e-6
    var activation = FeedForwardActivation.gelu
    var qkvBias: Bool?
    var registers: Int?
    var positionTable: ViTConfig.PositionTable?
    var positionResize = ViTConfig.PositionResize.refuse
    var pooling: ViTConfig.Pooling?
    var finalNorm = ViTConfig.FinalNorm.tokens
    var projectionWidth: Int?
    var classCount: Int?
}

extension ViTConfig {
    /// Joins what a file says with what the shapes of the tensors say; the file wins.
    ///
    /// - Parameter assumptions: gets a sentence for every number that was taken by rule.
    /// - Throws: `.checkpointUnsupported` where something stays unknown, `.configInvalid` where a number is out
    ///   of range.
    init(_ probe: ShapeProbe, _ hints: ViTHints, assumptions: inout [String]) throws(CutisError) {
        let patchShape = probe.shape("patch_embedding.weight")
        let isImagePatch = patchShape?.count == 4 && patchShape?[2] == patchShape?[3]
        guard let width = hints.width ?? patchShape?.first else { throw probe.unknown("width") }
        guard let patch = hints.patchSize ?? (isImagePatch ? patchShape?.last : nil) else {
            throw probe.unknown("patch size")
        }
        let depth = hints.depth ?? probe.count { "blocks.\($0).norm1.weight" }
        let heads = try Self.heads(hints.heads, width: width, probe, &assumptions)
        let hidden = probe.size("blocks.0.mlp.fc2.weight", 1)
        guard let mlpWidth = hints.mlpWidth ?? hidden else { throw probe.unknown("feed-forward width") }
        let isGated = hidden != nil && probe.size("blocks.0.mlp.fc1.weight", 0) == hidden.map { $0 &* 2 }
        let hasClass = probe.has("class_token")
        let registers = hints.registers ?? probe.size("register_tokens", -2) ?? 0
        let rows = probe.size("position_embedding", -2)
        let table =
            hints.positionTable
            ?? Self.table(
                rows: rows, imageSize: hints.imageSize, patch: patch, hasClass: hasClass, registers: registers)
        self.init(
            imageSize: [], patchSize: patch, width: width, depth: depth, heads: heads, mlpWidth: mlpWidth,
            channels: hints.channels ?? patchShape?.dropFirst().first ?? 3, normEpsilon: hints.normEpsilon,
            activation: isGated ? .swiGLU : hints.activation,
            qkvBias: hints.qkvBias ?? probe.has("blocks.0.attention.qkv.bias"),
            patchBias: probe.has("patch_embedding.bias"), layerScale: probe.has("blocks.0.scale1"),
            classToken: hasClass, registers: registers, preNorm: probe.has("pre_norm.weight"), positionTable: table,
            positionResize: hints.positionResize, pooling: hints.pooling ?? (hasClass ? .classToken : .average),
            finalNorm: hints.finalNorm, representationWidth: probe.size("pre_logits.weight", 0),
            classCount: hints.classCount ?? probe.size("head.weight", 0),
            projectionWidth: hints.projectionWidth ?? probe.size("projection.weight", 1))
        if let size = hints.imageSize {
            imageSize = size
        } else {
            let places = (rows ?? 0) - positionPrefix
            guard patch > 0, let side = Self.squareRoot(places), side <= ConfigurationLimits.image.upperBound else {
                throw probe.unknown("image size")
            }
            let (pixels, overflow) = side.multipliedReportingOverflow(by: patch)
            guard !overflow else { throw probe.unknown("image size") }
            imageSize = [pixels, pixels]
        }
        try validate()
    }

    /// The heads of published widths whose heads are not 64 wide.
    private static let unusualHeads = [1152: 16, 1280: 16, 1408: 16, 1664: 16]

    /// The number of heads by the rule of the published models: 64 numbers each, with known exceptions.
    static func usualHeads(width: Int) -> Int? {
        unusualHeads[width] ?? (width >= 64 && width % 64 == 0 ? width / 64 : nil)
    }

    private static func heads(
        _ told: Int?, width: Int, _ probe: ShapeProbe, _ assumptions: inout [String]
    ) throws(CutisError) -> Int {
        if let told = probe.heads ?? told { return told }
        guard let heads = usualHeads(width: width) else { throw probe.unknown("number of attention heads") }
        assumptions.append("The number of heads (\(heads)) follows from the width \(width) by the usual rule.")
        return heads
    }

    /// Which tokens have rows, from how many rows there are.
    private static func table(
        rows: Int?, imageSize: [Int]?, patch: Int, hasClass: Bool, registers: Int
    ) -> PositionTable {
        let prefix = (hasClass ? 1 : 0) + registers
        var choices: [(PositionTable, Int)] = [(.patches, 0)]
        if hasClass, registers > 0 { choices.append((.classAndPatches, 1)) }
        choices.append(hasClass && registers == 0 ? (.classAndPatches, 1) : (.allTokens, prefix))
        guard let rows else { return hasClass ? .classAndPatches : .patches }
        if let imageSize, imageSize.count == 2, patch > 0 {
            let places = (imageSize[0] / patch) * (imageSize[1] / patch)
            if let fitting = choices.first(where: { rows == places + $0.1 }) { return fitting.0 }
        }
        return choices.first { squareRoot(rows - $0.1) != nil }?.0 ?? (hasClass ? .classAndPatches : .patches)
    }

    /// The whole root of a square number above 0.
    private static func squareRoot(_ value: Int) -> Int? {
        guard value > 0, value <= 1 << 40 else { return nil }
        let root = Int(Double(value).squareRoot().rounded())
        return root * root == value ? root : nil
    }
}
