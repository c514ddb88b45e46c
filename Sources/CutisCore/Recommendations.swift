/// What to recommend for which answer: data of the bundle (`recommendations.json`) or of the installation, never code.
///
/// A rule is about a class, a risk band and a quality; the first rule that fits wins, and what a rule leaves out fits
/// everything. `validate` shows what is wrong with a file before a patient does.
public struct Recommendations: Codable, Sendable, Hashable {
    /// One rule.
    public struct Rule: Codable, Sendable, Hashable {
        /// The label id that this rule is about; nil fits every class.
        public var `class`: String?
        /// Whether the class must be the most probable one.
        public var primary: Bool
        /// The least probability of the class, 0…1; nil takes the bundle's threshold of a class that is not primary,
        /// or 0.
        public var minimumProbability: Double?
        /// The risk band of the answer; nil fits all.
        public var band: RiskBand?
        /// How fit the image is; nil fits both.
        public var quality: QualityLevel?
        /// What to recommend.
        public var text: String

        enum CodingKeys: String, CodingKey {
            case `class`, primary, band, quality, text
            case minimumProbability = "minimum_probability"
        }

        /// Joins the parts.
        public init(
            class name: String?, primary: Bool, minimumProbability: Double? = nil, band: RiskBand? = nil,
            quality: QualityLevel? = nil, text: String
        ) {
            self.class = name
            self.primary = primary
            self.minimumProbability = minimumProbability
            self.band = band
            self.quality = quality
            self.text = text
        }

        /// Reads a rule; without `primary` a rule that names a class is about the most probable one.
        public init(from decoder: any Decoder) throws {
            let values = try decoder.container(keyedBy: CodingKeys.self)
            `class` = try values.decodeIfPresent(String.self, forKey: .class)
            primary = try values.decodeIfPresent(Bool.self, forKey: .primary) ?? (`class` != nil)
            minimumProbability = try values.decodeIfPresent(Double.self, forKey: .minimumProbability)
            band = try values.decodeIfPresent(RiskBand.self, forKey: .band)
            quality = try values.decodeIfPresent(QualityLevel.self, forKey: .quality)
            text = try values.decode(String.self, forKey: .text)
        }
    }

    /// Who has read the rules.
    public struct Review: Codable, Sendable, Hashable {
        /// How far the review is.
        public enum Status: String, Codable, Sendable, Hashable {
            case notReviewed = "not-reviewed"
            case reviewed
        }

        /// How far the review is.
        public var status: Status
        /// Who reviewed them, and when (ISO 8601 date); nil before.
        public var by: String?
        /// The day of the review (ISO 8601).
        public var on: String?

        /// Joins the parts.
        public init(_ status: Status, by: String? = nil, on: String? = nil) {
            self.status = status
            self.by = by
            self.on = on
        }
    }

    /// What the rules say to one answer.
    public struct Advice: Sendable, Hashable {
        /// The text.
        public var text: String
        /// The risk band of the answer; nil where the rules define none.
        public var band: RiskBand?
    }

    /// The version of the rules, for the audit trail.
    public var version: String
    /// Whether clinicians have reviewed them; nil in files of before 2026, which no one had.
    public var review: Review?
    /// How the probability of the dangerous class is banded; nil where no rule speaks of bands.
    public var risk: RiskBands?
    /// The rules, first fit wins.
    public var rules: [Rule]

    /// Joins the parts.
    public init(version: String, review: Review? = nil, risk: RiskBands? = nil, rules: [Rule]) {
        self.version = version
        self.review = review
        self.risk = risk
        self.rules = rules
    }

    /// Whether clinicians have reviewed the rules.
    public var isReviewed: Bool { review?.status == .reviewed }

    /// What the rules say to an answer.
    ///
    /// - Parameters:
    ///   - classes: all classes with their probabilities, most probable first.
    ///   - thresholds: the bundle's threshold per label id.
    ///   - quality: how fit the image is.
    /// - Returns: the text of the first rule that fits, or nil where none does.
    public func advice(
        for classes: [ClassProbability], thresholds: [String: Double], quality: QualityLevel = .good
    ) -> Advice? {
        let band = band(for: classes, thresholds: thresholds)
        let fitting = rules.first { rule in
            if let wanted = rule.band, wanted != band { return false }
            if let wanted = rule.quality, wanted != quality { return false }
            guard let wanted = rule.class else { return true }
            guard let found = classes.first(where: { $0.label.id == wanted }) else { return false }
            if rule.primary {
                guard classes.first?.label.id == wanted else { return false }
                return found.probability >= rule.minimumProbability ?? 0
            }
            return found.probability >= rule.minimumProbability ?? thresholds[wanted] ?? 0
        }
        return fitting.map { Advice(text: $0.text, band: band) }
    }

    /// The text for an answer: `advice` without its band.
    public func text(
        for classes: [ClassProbability], thresholds: [String: Double], quality: QualityLevel = .good
    ) -> String? {
        advice(for: classes, thresholds: thresholds, quality: quality)?.text
    }

    /// The risk band of an answer; nil where the rules define none or the class is not among the answer's.
    public func band(for classes: [ClassProbability], thresholds: [String: Double]) -> RiskBand? {
        guard let risk, let found = classes.first(where: { $0.label.id == risk.class }) else { return nil }
        return risk.band(of: found.probability, threshold: thresholds[risk.class])
    }

    /// What is said where a bundle has no rules.
    public static let none = "This model has no recommendation rules: a clinician decides."
}

/// How probable the dangerous class is, in words that rules can speak of.
public enum RiskBand: String, Codable, Sendable, Hashable, CaseIterable {
    case low, medium, high
}

/// How fit an image is for an answer.
public enum QualityLevel: String, Codable, Sendable, Hashable, CaseIterable {
    /// Nothing is wrong with it.
    case good
    /// There are warnings: the answer is less sure than its probability says.
    case limited
}

extension ImageQuality {
    /// The level that rules speak of.
    public var level: QualityLevel { findings.isEmpty ? .good : .limited }
}

/// The bands of one class's probability: low below `mediumFrom`, high from `highFrom`.
public struct RiskBands: Codable, Sendable, Hashable {
    /// The label id of the dangerous class, such as `mel`.
    public var `class`: String
    /// Where the medium band begins, 0…1; nil takes the bundle's threshold of the class.
    public var mediumFrom: Double?
    /// Where the high band begins, 0…1.
    public var highFrom: Double

    enum CodingKeys: String, CodingKey {
        case `class`
        case mediumFrom = "medium_from"
        case highFrom = "high_from"
    }

    /// Joins the parts.
    public init(class name: String, mediumFrom: Double? = nil, highFrom: Double) {
        self.class = name
        self.mediumFrom = mediumFrom
        self.highFrom = highFrom
    }

    /// The band of a probability; without a lower edge of its own and without a threshold there is no medium band.
    public func band(of probability: Double, threshold: Double?) -> RiskBand {
        if probability >= highFrom { return .high }
        return probability >= mediumFrom ?? threshold ?? highFrom ? .medium : .low
    }
}
