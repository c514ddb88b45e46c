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
}
