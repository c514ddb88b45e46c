public import CutisCore
import Foundation

/// What to recommend for which answer: data of the bundle (`recommendations.json`), never code.
///
/// The first rule whose class and probability fit wins; a rule without `class` fits every answer.
public struct Recommendations: Codable, Sendable {
    /// One rule.
    public struct Rule: Codable, Sendable {
        /// The label id that this rule is about; nil fits every class.
        public var `class`: String?
        /// Whether the class must be the most probable one.
        public var primary: Bool
        /// The least probability of the class, 0…1; nil takes the bundle's threshold of that class, or 0.
        public var minimumProbability: Double?
        /// What to recommend.
        public var text: String

        enum CodingKeys: String, CodingKey {
            case `class`, primary, text
            case minimumProbability = "minimum_probability"
        }
    }

    /// The version of the rules, for the audit trail.
    public var version: String
    /// The rules, first fit wins.
    public var rules: [Rule]

    /// The text for an answer.
    ///
    /// - Parameters:
    ///   - classes: all classes with their probabilities, most probable first.
    ///   - thresholds: the bundle's threshold per label id.
    /// - Returns: the text of the first rule that fits, or nil where none does.
    public func text(for classes: [ClassProbability], thresholds: [String: Double]) -> String? {
        for rule in rules {
            guard let wanted = rule.class else { return rule.text }
            guard let found = classes.first(where: { $0.label.id == wanted }) else { continue }
            if rule.primary, classes.first?.label.id != wanted { continue }
            let least = rule.minimumProbability ?? thresholds[wanted] ?? 0
            if found.probability >= least { return rule.text }
        }
        return nil
    }

    /// What is said where a bundle has no rules.
    public static let none = "This model has no recommendation rules: a clinician decides."
}
