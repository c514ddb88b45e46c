package import CutisStatistics

/// Mixes the images of a batch in pairs: image i with image n − 1 − i.
///
/// MixUp (Zhang et al. 2018) blends the two; CutMix (Yun et al. 2019) replaces a square of the first by that of the
/// second. Both keep the share of the first image, which also mixes the targets.
public struct BatchMixing: Sendable, Hashable, Codable {
    /// How probable it is that a batch is mixed.
    public var probability: Double
    /// Both parameters of the beta distribution that the share is drawn from.
    public var alpha: Double
    /// How probable CutMix is in a mixed batch; else MixUp.
    public var cutProbability: Double

    /// Makes a rule; a probability of 0 mixes nothing.
    public init(probability: Double = 0.5, alpha: Double = 0.4, cutProbability: Double = 0.5) {
        self.probability = probability
        self.alpha = alpha
        self.cutProbability = cutProbability
    }

    /// Mixes in place.
    ///
    /// - Parameters:
    ///   - pixels: [count, side, side, 3], interleaved.
    ///   - generator: the batch's own generator.
    /// - Returns: the share of each first image, 0…1; 1 where nothing was mixed.
    package func apply(_ pixels: inout [Float], count: Int, side: Int, _ generator: inout SeededGenerator) -> Double {
        guard generator.uniform() < probability else { return 1 }
        let share = generator.beta(alpha)
        let isCut = generator.uniform() < cutProbability
        let row = side * 3
        let original = pixels
        guard isCut else {
            let own = Float(share)
            for index in 0..<count {
                let offset = index * side * row
                let other = (count - 1 - index) * side * row
                for position in 0..<(side * row) {
                    pixels[offset + position] =
                        own * original[offset + position] + (1 - own) * original[other + position]
                }
            }
            return share
        }
        let square = Int((Double(side) * (1 - share).squareRoot()).rounded(.down))
        let top = generator.index(below: side - square + 1)
        let left = generator.index(below: side - square + 1)
        for index in 0..<count {
            for y in top..<(top + square) {
                let start = (index * side + y) * row + left * 3
                let other = ((count - 1 - index) * side + y) * row + left * 3
                pixels.replaceSubrange(start..<(start + square * 3), with: original[other..<(other + square * 3)])
            }
        }
        return 1 - Double(square * square) / Double(side * side)
    }
}
