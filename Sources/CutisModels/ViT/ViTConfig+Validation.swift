public import CutisCore

/// The largest numbers that a configuration may hold; far above any published model, far below what harms.
enum ConfigurationLimits {
    static let depth = 1...128
    static let width = 1...16_384
    static let hidden = 1...65_536
    static let heads = 1...256
    static let patch = 1...256
    static let image = 1...8_192
    static let channels = 1...16
    static let registers = 0...256
    static let classes = 1...100_000
    static let epsilon = 0.0...0.1
    static let dropout = 0.0...0.95

    /// The error of a number out of its range.
    static func check<Value: Comparable>(
        _ value: Value, _ range: ClosedRange<Value>, _ key: String
    ) throws(CutisError) {
        guard range.contains(value) else {
            throw invalid("\(key) is \(value); it must be within \(range.lowerBound)…\(range.upperBound)")
        }
    }

    /// The error of a configuration that cannot be.
    static func invalid(_ what: String) -> CutisError {
        CutisError(
            .configInvalid, "The model configuration is invalid: \(what).",
            remedy: "Correct the configuration, or import the model again from its source.")
    }
}

extension ViTConfig {
    /// Checks that every number is within its limits and fits the others.
    ///
    /// - Throws: `.configInvalid` that names the key.
    public func validate() throws(CutisError) {
        typealias Limits = ConfigurationLimits
        guard imageSize.count == 2 else { throw Limits.invalid("image_size must be [height, width]") }
        try Limits.check(patchSize, Limits.patch, "patch_size")
        for side in imageSize {
            try Limits.check(side, Limits.image, "image_size")
            guard side >= patchSize, side % patchSize == 0 else {
                throw Limits.invalid("image_size \(imageSize) is not a multiple of patch_size \(patchSize)")
            }
        }
        try Limits.check(channels, Limits.channels, "channels")
        try Limits.check(width, Limits.width, "width")
        try Limits.check(depth, Limits.depth, "depth")
        try Limits.check(heads, Limits.heads, "heads")
        guard width % heads == 0 else { throw Limits.invalid("\(heads) heads do not divide the width \(width)") }
        try Limits.check(mlpWidth, Limits.hidden, "mlp_width")
        try Limits.check(normEpsilon, Limits.epsilon, "norm_epsilon")
        try Limits.check(registers, Limits.registers, "registers")
        try Limits.check(headDropout, Limits.dropout, "head_dropout")
        for (value, key) in [(classCount, "class_count"), (projectionWidth, "projection_width")] {
            if let value { try Limits.check(value, Limits.classes, key) }
        }
        if let representationWidth { try Limits.check(representationWidth, Limits.width, "representation_width") }
        if pooling == .classToken, !classToken { throw Limits.invalid("pooling needs the class token") }
        if positionTable == .classAndPatches, !classToken {
            throw Limits.invalid("position_table has a row for a class token that the model does not have")
        }
    }
}
