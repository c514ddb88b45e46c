import CutisCore
import Foundation

/// Turns a model's probabilities into the answer that is kept and sent.
struct AnswerComposer: Sendable {
    /// An answer and what the store keeps beside it.
    struct Composed: Sendable {
        var answer: AnalysisAnswer
        /// The same as it is stored; not written out in the transaction, where other writers would wait for it.
        var stored: String
        var flags: [ReviewFlag]
        /// The threshold of the class that decides, where there is one.
        var threshold: Double?
    }

    let facts: ModelFacts
    /// The rules that speak: the installation's own, or the bundle's.
    let rules: Recommendations?
    let policy: ReviewPolicy
    /// Where on the body the lesion is, as the request says.
    var site: BodySite?

    /// The answer about one lesion.
    ///
    /// - Parameter row: the probability of each class in the order of the labels.
    func classification(_ row: [Double], quality: ImageQuality) throws(CutisError) -> Composed {
        let classes = try joined(row)
        let melanoma = facts.labels.melanoma.flatMap { id in classes.first { $0.label.id == id } }
        let threshold = melanoma.flatMap { facts.thresholds[$0.label.id] }
        var flags: [ReviewFlag] = []
        var warnings = quality.findings.map { "\($0.message) \($0.remedy)" }
        if classes.count > 1, classes[0].probability - classes[1].probability < policy.uncertainMargin {
            flags.append(.uncertain)
            let (first, second) = (Self.inWords(classes[0]), Self.inWords(classes[1]))
            warnings.append("The two most probable classes are close to each other: \(first) and \(second).")
        }
        if let melanoma, let threshold, melanoma.probability >= threshold,
            classes.first?.label.id != melanoma.label.id
        {
            flags.append(.melanomaNotPrimary)
            warnings.append("\(Self.inWords(melanoma)) reaches its threshold without being the most probable class.")
        }
        if quality.level == .limited { flags.append(.qualityLimited) }
        return try compose(
            classes, melanoma: melanoma?.probability, quality, flags, warnings, threshold: threshold)
    }

    /// The answer about one screening case.
    func screening(
        _ row: [Double], attention: [Double]?, qualities: [ImageQuality]
    ) throws(CutisError) -> Composed {
        let classes = try joined(row)
        let quality = Self.worst(qualities)
        var flags: [ReviewFlag] = quality.level == .limited ? [.qualityLimited] : []
        var warnings = quality.findings.map { "\($0.message) \($0.remedy)" }
        for one in classes {
            guard let threshold = facts.thresholds[one.label.id] else { continue }
            if abs(one.probability - threshold) < policy.uncertainMargin / 2 {
                if !flags.contains(.uncertain) { flags.append(.uncertain) }
                warnings.append("\(Self.inWords(one)) is close to its threshold.")
            }
        }
        let melanoma = facts.labels.melanoma.flatMap { id in classes.first { $0.label.id == id } }
        let threshold = classes.first.flatMap { facts.thresholds[$0.label.id] }
        return try compose(
            classes, melanoma: melanoma?.probability, quality, flags, warnings, threshold: threshold,
            imageCount: qualities.count, attention: attention)
    }

    private func compose(
        _ classes: [ClassProbability], melanoma: Double?, _ quality: ImageQuality, _ flags: [ReviewFlag],
        _ warnings: [String], threshold: Double?, imageCount: Int = 1, attention: [Double]? = nil
    ) throws(CutisError) -> Composed {
        let advice = rules?.advice(for: classes, thresholds: facts.thresholds, quality: quality.level)
        var warnings = warnings
        if let rules, !rules.isReviewed {
            warnings.append("The recommendation rules have not been reviewed by clinicians. Version: \(rules.version).")
        }
        let answer = AnalysisAnswer(
            classes: classes.map { one in
                AnalysisAnswer.Class(
                    id: one.label.id, label: one.label.label, code: one.label.code, probability: one.probability,
                    threshold: facts.thresholds[one.label.id])
            },
            melanomaRisk: melanoma,
            recommendation: AnalysisAnswer.Advice(
                text: advice?.text ?? Recommendations.none, rules: advice == nil ? nil : rules?.version,
                reviewed: rules?.isReviewed ?? false),
            quality: AnalysisAnswer.Quality(
                level: quality.level, findings: quality.findings,
                measures: quality.measures.filter { $0.value.isFinite }),
            calibration: calibration(classes, band: advice?.band), warnings: warnings, imageCount: imageCount,
            attention: attention, intendedUse: facts.intendedUse, site: site)
        return Composed(answer: answer, stored: try answer.stored(), flags: flags, threshold: threshold)
    }

    private func calibration(_ classes: [ClassProbability], band: RiskBand?) -> AnalysisAnswer.Calibration {
        let name = rules?.risk?.class ?? facts.labels.melanoma
        let found = name.flatMap { name in classes.first { $0.label.id == name } }
        let interval: Result<RiskInterval, RiskInterval.Missing> =
            found.map { RiskInterval.make(of: $0.probability, class: $0.label.id, facts.riskCalibration) }
            ?? .failure(RiskInterval.Missing("The model has no class whose risk is banded."))
        var reason: String?
        if case .failure(let missing) = interval { reason = missing.reason }
        return AnalysisAnswer.Calibration(
            temperature: facts.temperature, riskClass: found?.label.id, riskBand: band,
            interval: try? interval.get(), intervalReason: reason)
    }

    /// Labels and probabilities, most probable first; what a broken model says is refused.
    private func joined(_ row: [Double]) throws(CutisError) -> [ClassProbability] {
        guard row.count == facts.labels.count, row.allSatisfy({ $0 >= 0 && $0 <= 1 }) else {
            throw CutisError(
                .computeFailed,
                "The model \(facts.identity.id) gave \(row.count) numbers for \(facts.labels.count) classes, or one "
                    + "outside 0…1.",
                remedy: "Run `cutis verify` on its bundle and activate another version meanwhile.")
        }
        return zip(facts.labels.labels, row).map { ClassProbability($0, probability: $1) }
            .sorted { $0.probability > $1.probability }
    }

    /// All findings of a case, each kind once, and the measures of its worst image.
    static func worst(_ qualities: [ImageQuality]) -> ImageQuality {
        var findings: [QualityFinding] = []
        for finding in qualities.flatMap(\.findings) where !findings.contains(where: { $0.code == finding.code }) {
            findings.append(finding)
        }
        let worst = qualities.max { $0.findings.count < $1.findings.count }
        return ImageQuality(findings: findings, measures: worst?.measures ?? [:])
    }

    private static func inWords(_ one: ClassProbability) -> String {
        let percent = (one.probability * 1000).rounded() / 10
        return "\(one.label.label) (\(percent) %)"
    }
}

extension LabelSet {
    /// The id of melanoma among the labels: by its ICD-11 code, its short name or its name.
    var melanoma: String? {
        labels.first { $0.code?.hasPrefix("ICD-11:2C30") ?? false }?.id
            ?? labels.first { $0.id.lowercased() == "mel" || $0.label.lowercased() == "melanoma" }?.id
    }
}
