public import CutisCore
import CutisStorage

/// What a model said of one lesion or case, as it is stored (JSON with these names in snake case) and sent.
public struct AnalysisAnswer: Sendable, Hashable, Codable {
    /// One class with its name and probability.
    public struct Class: Sendable, Hashable, Codable {
        /// The identifier.
        public var id: String
        /// The name in words, or the id of a class.
        public var label: String
        /// A clinical code with its system; nil where none fits.
        public var code: String?
        /// The probability, 0…1.
        public var probability: Double
        /// From which probability the class is a finding; nil where the model has no threshold for it.
        public var threshold: Double?
    }

    /// How fit the images are.
    public struct Quality: Sendable, Hashable, Codable {
        /// The level that the rules speak of.
        public var level: QualityLevel
        /// What is wrong with them.
        public var findings: [QualityFinding]
        /// The measured numbers by name.
        public var measures: [String: Double]
    }

    /// How far the probability of the dangerous class can be trusted.
    public struct Calibration: Sendable, Hashable, Codable {
        /// By what the model's outputs were divided; 1 where the model is not calibrated.
        public var temperature: Double
        /// The class whose risk is banded, such as `mel`; nil where the rules name none.
        public var riskClass: String?
        /// The band of that class; nil where the rules define none.
        public var riskBand: RiskBand?
        /// The interval of the risk class's probability; nil where there is nothing to compute it from.
        public var interval: RiskInterval?
        /// Why there is no interval.
        public var intervalReason: String?

        enum CodingKeys: String, CodingKey {
            case temperature, interval
            case riskClass = "risk_class"
            case riskBand = "risk_band"
            case intervalReason = "interval_reason"
        }
    }

    /// The text of the rules, and which rules they were.
    public struct Advice: Sendable, Hashable, Codable {
        /// The text.
        public var text: String
        /// The version of the rules; nil where the model has none.
        public var rules: String?
        /// Whether clinicians have reviewed the rules.
        public var reviewed: Bool
    }

    /// All classes, most probable first.
    public var classes: [Class]
    /// The probability of melanoma, 0…1; nil for label sets without it.
    public var melanomaRisk: Double?
    /// What the rules say.
    public var recommendation: Advice
    /// How fit the images are.
    public var quality: Quality
    /// How far the probability can be trusted.
    public var calibration: Calibration
    /// What the reader must know of this answer, in sentences.
    public var warnings: [String]
    /// How many images the answer is about: 1, or those of a screening case.
    public var imageCount: Int
    /// The share of attention of each image of a screening case.
    public var attention: [Double]?
    /// What the model is meant for.
    public var intendedUse: String
    /// Where on the body the lesion is, where that was said; no part of the model's answer.
    public var site: BodySite?

    enum CodingKeys: String, CodingKey {
        case classes, recommendation, quality, calibration, warnings, attention, site
        case melanomaRisk = "melanoma_risk"
        case imageCount = "image_count"
        case intendedUse = "intended_use"
    }

    /// The most probable class.
    public var primary: Class? { classes.first }
}
