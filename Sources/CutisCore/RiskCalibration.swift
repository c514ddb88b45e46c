/// How often a class was really there among the calibration images of a model, by its predicted probability.
public struct RiskCalibration: Codable, Sendable, Hashable {
    /// The images with a probability in (lower, upper]; the first bin also holds 0.
    public struct Bin: Codable, Sendable, Hashable {
        /// The lower bound.
        public var lower: Double
        /// The upper bound.
        public var upper: Double
        /// How many images fall in it.
        public var count: Int
        /// How many of them have the class.
        public var positives: Int

        /// Joins the parts.
        public init(lower: Double, upper: Double, count: Int, positives: Int) {
            self.lower = lower
            self.upper = upper
            self.count = count
            self.positives = positives
        }

        /// Whether a probability falls into the bin.
        public func holds(_ probability: Double) -> Bool {
            (probability > lower || (lower == 0 && probability == 0)) && probability <= upper
        }
    }

    /// The label id of the class.
    public var `class`: String
    /// The bins, in their order.
    public var bins: [Bin]

    /// Joins the parts.
    public init(class name: String, bins: [Bin]) {
        self.class = name
        self.bins = bins
    }

    /// Counts calibration images in bins: large ones where the class is rare, so that a small risk is known closely, and
    /// smaller ones, so that high risks are told apart, where ten images of the class are to be expected. Where a bin
    /// ends depends on the scores alone, so that its share of positives is not biased.
    ///
    /// - Parameters:
    ///   - scores: the calibrated probability of the class for each image, 0…1.
    ///   - positives: whether the image has the class, in the same order.
    ///   - perBin: images of a large bin; small ones have 25 or more. Equal probabilities are never parted.
    public init(class name: String, scores: [Double], positives: [Bool], perBin: Int = 75) {
        let (expected, least) = (10.0, min(25, perBin))
        let images = zip(scores, positives).sorted { $0.0 < $1.0 }
        var bins: [Bin] = []
        var open = Bin(lower: 0, upper: 1, count: 0, positives: 0)
        var sum = 0.0
        for (index, image) in images.enumerated() {
            open.count += 1
            open.positives += image.1 ? 1 : 0
            sum += image.0
            let left = images.count - index - 1
            let isFull = open.count >= perBin || (open.count >= least && sum >= expected)
            guard isFull, left >= least, images[index + 1].0 > image.0 else { continue }
            open.upper = image.0
            bins.append(open)
            (open, sum) = (Bin(lower: image.0, upper: 1, count: 0, positives: 0), 0)
        }
        self.init(class: name, bins: bins + [open])
    }
}
