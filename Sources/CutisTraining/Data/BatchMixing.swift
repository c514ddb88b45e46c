public import CutisCore
package import CutisImaging
package import CutisStatistics

/// Mixes the images of a batch in pairs, each with the one before it, the first with the last: the section `mixing` of
/// a training configuration.
///
/// MixUp (Zhang et al. 2018) blends the two; CutMix (Yun et al. 2019) replaces a rectangle of the first by that of the
/// second. Pairs, parameters and arithmetic are those of torchvision's `v2.MixUp` and `v2.CutMix`; one share for the
/// whole batch also mixes the targets.
public struct BatchMixing: Sendable, Hashable {
    /// How probable it is that a batch is mixed.
    public var probability: Double
    /// Both parameters of the beta distribution of MixUp's share; 0 for no MixUp.
    public var mixupAlpha: Double
    /// Both parameters of the beta distribution of CutMix's share; 0 for no CutMix.
    public var cutmixAlpha: Double
    /// How probable CutMix is in a mixed batch where both are on; else MixUp.
    public var cutProbability: Double

    /// Makes a rule; a probability of 0 mixes nothing.
    public init(
        probability: Double = 0.5, mixupAlpha: Double = 0.4, cutmixAlpha: Double = 0.4, cutProbability: Double = 0.5
    ) {
        self.probability = probability
        self.mixupAlpha = mixupAlpha
        self.cutmixAlpha = cutmixAlpha
        self.cutProbability = cutProbability
    }

    /// No mixing.
    public static let none = BatchMixing(probability: 0)

    /// How one batch is mixed.
    package enum Draw: Sendable, Hashable {
        /// Not at all.
        case none
        /// The first image's share of every sample.
        case blend(share: Double)
        /// The rectangle that comes from the second image, and what is left of the first.
        case cut(CropBox, share: Double)

        /// The share of each first image, 0…1.
        package var share: Double {
            switch self {
            case .none: 1
            case .blend(let share), .cut(_, let share): share
            }
        }
    }

    /// Draws how a batch of images of `side` × `side` pixels is mixed.
    package func draw(side: Int, _ generator: inout SeededGenerator) -> Draw {
        let isMixed = generator.chance(probability)
        let choosesCut = generator.chance(cutProbability)
        guard isMixed, mixupAlpha > 0 || cutmixAlpha > 0 else { return .none }
        guard cutmixAlpha > 0, choosesCut || mixupAlpha <= 0 else {
            return .blend(share: generator.beta(mixupAlpha))
        }
        let half = Int(0.5 * (1 - generator.beta(cutmixAlpha)).squareRoot() * Double(side))
        let x = generator.index(below: side)
        let y = generator.index(below: side)
        let columns = max(0, x - half)..<min(side, x + half)
        let rows = max(0, y - half)..<min(side, y + half)
        let box = CropBox(left: columns.lowerBound, top: rows.lowerBound, width: columns.count, height: rows.count)
        return .cut(box, share: 1 - Double(box.width * box.height) / Double(side * side))
    }

    /// Mixes consecutive images in place: each with the one before it, the first with `last`.
    ///
    /// - Parameters:
    ///   - draw: how.
    ///   - pixels: [count, side, side, 3], interleaved.
    ///   - partner: the image that the first one is mixed with, [side, side, 3].
    package static func apply(_ draw: Draw, to pixels: inout [Float], side: Int, partner: [Float]) {
        let size = side * side * 3
        pixels.withUnsafeMutableBufferPointer { pixels in
            partner.withUnsafeBufferPointer { partner in
                // From the last image to the first, so that the one before is still as it was.
                for start in stride(from: pixels.count - size, through: 0, by: -size) {
                    let image = UnsafeMutableBufferPointer(rebasing: pixels[start..<(start + size)])
                    let other =
                        start == 0 ? partner : UnsafeBufferPointer(rebasing: pixels[(start - size)..<start])
                    mix(draw, image, with: other, side: side)
                }
            }
        }
    }

    private static func mix(
        _ draw: Draw, _ image: UnsafeMutableBufferPointer<Float>, with other: UnsafeBufferPointer<Float>, side: Int
    ) {
        switch draw {
        case .none: break
        case .blend(let share):
            let (own, rest) = (Float(share), Float(1 - share))
            for index in image.indices { image[index] = other[index] * rest + image[index] * own }
        case .cut(let box, _):
            for y in box.top..<(box.top + box.height) {
                let start = (y * side + box.left) * 3
                for index in start..<(start + box.width * 3) { image[index] = other[index] }
            }
        }
    }
}

extension BatchMixing: Codable {
    enum CodingKeys: String, CodingKey, CaseIterable {
        case probability
        case mixupAlpha = "mixup_alpha"
        case cutmixAlpha = "cutmix_alpha"
        case cutProbability = "cut_probability"
    }

    /// Reads a rule; what is left out has its default.
    public init(from decoder: any Decoder) throws {
        try decoder.refuseKeys(notIn: CodingKeys.self)
        let values = try decoder.container(keyedBy: CodingKeys.self)
        self.init()
        probability = try values.decodeIfPresent(Double.self, forKey: .probability) ?? probability
        mixupAlpha = try values.decodeIfPresent(Double.self, forKey: .mixupAlpha) ?? mixupAlpha
        cutmixAlpha = try values.decodeIfPresent(Double.self, forKey: .cutmixAlpha) ?? cutmixAlpha
        cutProbability = try values.decodeIfPresent(Double.self, forKey: .cutProbability) ?? cutProbability
        try validate()
    }

    /// Writes every field.
    public func encode(to encoder: any Encoder) throws {
        var values = encoder.container(keyedBy: CodingKeys.self)
        try values.encode(probability, forKey: .probability)
        try values.encode(mixupAlpha, forKey: .mixupAlpha)
        try values.encode(cutmixAlpha, forKey: .cutmixAlpha)
        try values.encode(cutProbability, forKey: .cutProbability)
    }

    /// Checks the numbers.
    ///
    /// - Throws: `CutisError` with `.configInvalid`; the message names the field.
    public func validate() throws(CutisError) {
        let isValid =
            (0...1).contains(probability) && (0...1).contains(cutProbability) && (0...1000).contains(mixupAlpha)
            && (0...1000).contains(cutmixAlpha)
        guard isValid else {
            throw CutisError(
                .configInvalid,
                "The mixing is not valid: probability and cut_probability must be 0 to 1, mixup_alpha and "
                    + "cutmix_alpha 0 to 1000.", remedy: "Correct these values.")
        }
    }
}
