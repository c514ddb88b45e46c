import CutisCore

/// How near a converted model stays to the given one on the same images.
public struct AgreementFigures: Sendable, Hashable {
    /// Mean cosine between the features of both.
    public let meanCosine: Double
    /// The smallest cosine of an image.
    public let lowestCosine: Double
    /// The share of images with the same most probable class; nil without classes, or with one.
    public let sameClass: Double?
    /// The largest difference of a probability; nil without classes.
    public let largestDifference: Double?
    /// How many images were compared.
    public let count: Int

    /// Compares answers to the same images.
    package init(_ candidate: ModelAnswers, with baseline: ModelAnswers) {
        let cosines = zip(candidate.embeddings, baseline.embeddings).map(Self.cosine)
        count = cosines.count
        meanCosine = cosines.reduce(0, +) / Double(max(count, 1))
        lowestCosine = cosines.min() ?? .nan
        let pairs = Array(zip(candidate.probabilities, baseline.probabilities))
        let classes = pairs.first?.0.count ?? 0
        sameClass =
            classes > 1
            ? Double(pairs.count { Self.largest($0.0) == Self.largest($0.1) }) / Double(pairs.count) : nil
        largestDifference = pairs.map { zip($0.0, $0.1).map { abs($0 - $1) }.max() ?? 0 }.max()
    }

    private static func cosine(_ a: [Float], _ b: [Float]) -> Double {
        var (product, first, second) = (0.0, 0.0, 0.0)
        for (x, y) in zip(a, b) {
            product += Double(x) * Double(y)
            first += Double(x) * Double(x)
            second += Double(y) * Double(y)
        }
        // Two zero vectors are the same vector.
        if first == 0, second == 0 { return 1 }
        return product / (first.squareRoot() * second.squareRoot())
    }

    private static func largest(_ row: [Double]) -> Int? { row.indices.max { row[$0] < row[$1] } }

    /// The figures with their documented keys.
    var json: OrderedJSON {
        .object([
            "images": .integer(count), "mean_cosine": .number(meanCosine), "lowest_cosine": .number(lowestCosine),
            "same_class": sameClass.map { .number($0) } ?? .null,
            "largest_probability_difference": largestDifference.map { .number($0) } ?? .null,
        ])
    }
}
