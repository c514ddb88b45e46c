public import Foundation

extension Recommendations {
    /// Reads rules from a file's bytes.
    ///
    /// - Parameter name: what the file is called in the error.
    /// - Throws: `CutisError` with `.configInvalid` that says where the file is not as it should be.
    public init(data: Data, name: String) throws(CutisError) {
        do {
            self = try JSONDecoder().decode(Recommendations.self, from: data)
        } catch {
            throw CutisError(
                .configInvalid, "\(name) does not hold recommendation rules: \(Self.place(of: error)).",
                remedy: "Mend the file (docs/model-bundle.md shows its form).")
        }
    }

    private static func place(of error: any Error) -> String {
        let context: DecodingError.Context
        switch error {
        case DecodingError.keyNotFound(let key, let found):
            return "\(path(found.codingPath)) has no “\(key.stringValue)”"
        case DecodingError.typeMismatch(_, let found), DecodingError.valueNotFound(_, let found),
            DecodingError.dataCorrupted(let found):
            context = found
        default: return "it cannot be read"
        }
        return "\(path(context.codingPath)): \(context.debugDescription.trimmingCharacters(in: ["."]))"
    }

    private static func path(_ keys: [any CodingKey]) -> String {
        guard !keys.isEmpty else { return "the file" }
        return keys.map { $0.intValue.map { "\($0 + 1)" } ?? $0.stringValue }.joined(separator: " ")
    }

    /// Checks the rules against the classes of a model: every answer must find a text.
    ///
    /// - Parameters:
    ///   - labels: the classes of the model.
    ///   - thresholds: the bundle's threshold per label id.
    ///   - name: what the file is called in the error.
    /// - Throws: `CutisError` with `.configInvalid` that lists everything that is wrong: classes that the model does
    ///   not have, numbers outside 0…1, empty texts, bands without their definition, rules that can never fit, and
    ///   answers for which there is no rule.
    public func validate(labels: LabelSet, thresholds: [String: Double], name: String) throws(CutisError) {
        let faults = faults(labels: labels, thresholds: thresholds)
        guard faults.isEmpty else {
            let more = faults.count > 8 ? " (and \(faults.count - 8) more)" : ""
            throw CutisError(
                .configInvalid, "\(name) is not usable: \(faults.prefix(8).joined(separator: "; "))\(more).",
                remedy: "Mend the rules: each answer needs a text, and a last rule with nothing but a text fits all.")
        }
    }

    private func faults(labels: LabelSet, thresholds: [String: Double]) -> [String] {
        var faults: [String] = []
        let known = Set(labels.labels.map(\.id))
        func check(class name: String, in place: String) {
            guard !known.contains(name) else { return }
            let names = labels.labels.map(\.id).joined(separator: ", ")
            faults.append("\(place) is about the class \(name), which the model does not have (it has \(names))")
        }
        if version.isEmpty { faults.append("version is empty") }
        if let review, review.status == .reviewed, review.by?.isEmpty ?? true || review.on?.isEmpty ?? true {
            faults.append("review says reviewed, but not by whom and on which day")
        }
        if let risk {
            check(class: risk.class, in: "risk")
            let medium = risk.mediumFrom ?? thresholds[risk.class]
            if !(0...1).contains(risk.highFrom) || medium.map({ !(0...1).contains($0) }) ?? false {
                faults.append("risk has an edge outside 0…1")
            } else if let medium, medium > risk.highFrom {
                faults.append("risk begins its medium band at \(medium), above its high band at \(risk.highFrom)")
            }
        }
        for (index, rule) in rules.enumerated() {
            let place = "rule \(index + 1)"
            if let name = rule.class { check(class: name, in: place) }
            if rule.text.allSatisfy(\.isWhitespace) { faults.append("\(place) has no text") }
            if let least = rule.minimumProbability, !(0...1).contains(least) {
                faults.append("\(place) has a minimum_probability outside 0…1")
            }
            if rule.class == nil, rule.primary || rule.minimumProbability != nil {
                faults.append("\(place) asks for a probability, but names no class")
            }
            if rule.band != nil, risk == nil { faults.append("\(place) speaks of a band, but risk defines none") }
        }
        // Gaps and dead rules are only worth telling once each rule makes sense by itself.
        return faults.isEmpty ? gaps(labels) + unreachable(labels) : faults
    }

    /// One kind of answer: its most probable class, its band and the image's quality.
    private struct Case {
        let label: String
        let band: RiskBand?
        let quality: QualityLevel

        /// Whether a rule fits this case whatever the probabilities are.
        func isCovered(by rule: Rule) -> Bool {
            if let wanted = rule.band, wanted != band { return false }
            if let wanted = rule.quality, wanted != quality { return false }
            guard let wanted = rule.class else { return true }
            return rule.primary && wanted == label && (rule.minimumProbability ?? 0) == 0
        }

        /// Whether a rule fits this case for some probabilities.
        func isTouched(by rule: Rule) -> Bool {
            if let wanted = rule.band, wanted != band { return false }
            if let wanted = rule.quality, wanted != quality { return false }
            return !rule.primary || rule.class == nil || rule.class == label
        }
    }

    private func cases(_ labels: LabelSet) -> [Case] {
        let bands: [RiskBand?] = risk == nil ? [nil] : RiskBand.allCases
        return labels.labels.flatMap { label in
            bands.flatMap { band in
                QualityLevel.allCases.map { Case(label: label.id, band: band, quality: $0) }
            }
        }
    }

    private func gaps(_ labels: LabelSet) -> [String] {
        cases(labels).filter { one in !rules.contains(where: one.isCovered) }.map { one in
            let band = one.band.map { ", band \($0.rawValue)" } ?? ""
            return "there is no text for class \(one.label)\(band), quality \(one.quality.rawValue)"
        }
    }

    private func unreachable(_ labels: LabelSet) -> [String] {
        let all = cases(labels)
        return rules.indices.filter { index in
            !all.contains { one in
                one.isTouched(by: rules[index]) && !rules[..<index].contains(where: one.isCovered)
            }
        }.map { "rule \($0 + 1) can never be reached: the rules before it cover all that it fits" }
    }
}
