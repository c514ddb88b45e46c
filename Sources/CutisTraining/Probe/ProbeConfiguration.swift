public import CutisCore
public import Foundation

/// How a linear probe is fitted: the section `probe`.
public struct ProbeConfiguration: Codable, Sendable, Hashable {
    /// What C is chosen by.
    public enum Metric: String, Codable, Sendable, Hashable, CaseIterable {
        /// Mean recall of the classes.
        case balancedAccuracy = "balanced_accuracy"
        /// Mean area of all classes, each against the rest.
        case macroAUROC = "macro_auroc"
    }

    /// The values of C to try, the inverse of the penalty as scikit-learn has it.
    public var strengths: [Double] = [1e-4, 1e-3, 1e-2, 0.1, 1, 10]
    /// What C is chosen by, on the validation images.
    public var metric = Metric.balancedAccuracy
    /// How the classes are weighed.
    public var classWeight = LogisticRegression.ClassWeight.balanced
    /// Where the fit ends: the largest element of the gradient.
    public var tolerance = 1e-5
    /// After how many steps it ends at the latest.
    public var maximumIterations = 1000

    /// The defaults.
    public init() {}

    enum CodingKeys: String, CodingKey, CaseIterable {
        case strengths, metric, tolerance
        case classWeight = "class_weight"
        case maximumIterations = "maximum_iterations"
    }

    /// Reads the section; keys that it leaves out keep their defaults.
    public init(from decoder: any Decoder) throws {
        try SectionKeys.check(decoder, CodingKeys.self, section: "probe")
        let container = try decoder.container(keyedBy: CodingKeys.self)
        strengths = try container.decodeIfPresent([Double].self, forKey: .strengths) ?? strengths
        metric = try container.decodeIfPresent(Metric.self, forKey: .metric) ?? metric
        classWeight =
            try container.decodeIfPresent(
                LogisticRegression.ClassWeight.self, forKey: .classWeight) ?? classWeight
        tolerance = try container.decodeIfPresent(Double.self, forKey: .tolerance) ?? tolerance
        maximumIterations = try container.decodeIfPresent(Int.self, forKey: .maximumIterations) ?? maximumIterations
        try check()
    }

    /// Reads a file that holds the section, with `probe:` above it.
    ///
    /// - Throws: `.fileNotFound`, `.fileUnreadable`; `.configInvalid` that names the key.
    public init(file: URL) throws(CutisError) {
        self = try ConfigurationFile.section("probe", of: file, defaults: Self())
    }

    /// Refuses numbers that no fit can use.
    ///
    /// - Throws: `.configInvalid` that names the key.
    public func check() throws(CutisError) {
        guard (1...100).contains(strengths.count), strengths.allSatisfy({ $0 > 0 && $0 <= 1e12 }) else {
            throw SectionKeys.invalid("probe.strengths must be 1 to 100 numbers above 0")
        }
        guard tolerance > 0, tolerance < 1 else { throw SectionKeys.invalid("probe.tolerance is \(tolerance)") }
        guard (1...1_000_000).contains(maximumIterations) else {
            throw SectionKeys.invalid("probe.maximum_iterations is \(maximumIterations)")
        }
    }
}

/// What the sections for heads and sweeps share in reading.
enum SectionKeys {
    private struct AnyKey: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init?(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    /// Refuses a key that the section does not have: a misspelt one would otherwise be passed over.
    static func check<Keys: CodingKey & CaseIterable>(
        _ decoder: any Decoder, _: Keys.Type, section: String
    ) throws {
        let known = Keys.allCases.map(\.stringValue)
        let given = try decoder.container(keyedBy: AnyKey.self).allKeys.map(\.stringValue)
        guard let unknown = given.sorted().first(where: { !known.contains($0) }) else { return }
        throw CutisError(
            .configInvalid, "The configuration has the unknown key '\(section).\(unknown.prefix(200))'.",
            remedy: "The keys there are: \(known.sorted().joined(separator: ", ")).")
    }

    static func invalid(_ what: String) -> CutisError {
        CutisError(.configInvalid, "The configuration is wrong: \(what).", remedy: "Correct that value.")
    }
}
