public import CutisCore
import CutisStatistics

/// Rows of a data set, parted into training, validation and test.
public struct DataSplit: Sendable, Hashable, Codable {
    /// Rows to learn from.
    public let train: [Int]
    /// Rows to choose epochs, temperature and thresholds on.
    public let validation: [Int]
    /// Rows that only the final figures see.
    public let test: [Int]

    /// Parts a data set at random, lesion by lesion and class by class.
    ///
    /// All images of a lesion go to the same part; of each class's lesions the given shares go to validation and test
    /// (rounded, at least one each), the rest to training. The same seed gives the same split on every machine,
    /// whatever the order of the rows.
    ///
    /// - Throws: `.dataInvalid` where a class has fewer than three lesions; `.invalidArguments` for impossible shares.
    public init(
        _ dataset: LesionDataset, validationShare: Double, testShare: Double, seed: UInt64
    ) throws(CutisError) {
        guard validationShare > 0, testShare > 0, validationShare + testShare < 1 else {
            throw CutisError(
                .invalidArguments,
                "The shares \(validationShare) and \(testShare) leave nothing for one of the three parts.",
                remedy: "Give two positive shares with a sum below 1.")
        }
        let rowsOfLesion = Dictionary(grouping: dataset.images.indices) { dataset.images[$0].lesion }
        var train: [Int] = []
        var validation: [Int] = []
        var test: [Int] = []
        for label in 0..<dataset.labels.count {
            var lesions = Set(dataset.images.filter { $0.label == label }.map(\.lesion)).sorted()
            guard lesions.count >= 3 else {
                throw CutisError(
                    .dataInvalid,
                    "The class '\(dataset.labels.labels[label].id)' has \(lesions.count) lesions, too few for a split.",
                    remedy: "Give at least three lesions of every class.")
            }
            var generator = SeededGenerator(seed: seed, stream: UInt64(label))
            generator.shuffle(&lesions)
            let validationCount = Self.share(validationShare, of: lesions.count)
            let testCount = Self.share(testShare, of: lesions.count)
            for (position, lesion) in lesions.enumerated() {
                let rows = rowsOfLesion[lesion] ?? []
                if position < validationCount {
                    validation += rows
                } else if position < validationCount + testCount {
                    test += rows
                } else {
                    train += rows
                }
            }
        }
        self.train = train.sorted()
        self.validation = validation.sorted()
        self.test = test.sorted()
    }

    private static func share(_ share: Double, of count: Int) -> Int {
        min((count - 1) / 2, max(1, Int((share * Double(count)).rounded())))
    }
}
