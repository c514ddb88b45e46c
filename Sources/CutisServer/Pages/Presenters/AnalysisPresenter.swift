import CutisCore
import CutisService
import CutisStorage
import Foundation

/// One analysis as its page shows it.
struct AnalysisPresenter {
    let analysis: Analysis
    let feedback: [FeedbackRecord]
    /// Names of users by their ids.
    let names: [String: String]
    let principal: Principal
    let messages: MessageCatalogue

    private var cases: CasePresenter { CasePresenter(messages: messages) }
    private var record: AnalysisRecord { analysis.record }
    private var answer: AnalysisAnswer { analysis.answer }
    /// Screening cases have no heat map.
    private var hasMap: Bool { record.kind == .classification }

    var view: AnalysisView {
        AnalysisView(
            id: record.id, patientID: record.patientID, patient: cases.patient(record.patientID),
            time: TimeText(record.createdAt), model: "\(record.modelID) \(record.modelVersion)",
            site: cases.site(analysis), state: record.status.rawValue,
            stateText: messages.choice("states", record.status.rawValue),
            signed: signed, photos: photos, attention: hasMap && !analysis.images.isEmpty,
            fullSize: analysis.images.count == 1 ? CasePresenter.image(analysis, 0) : nil,
            band: cases.band(analysis), verdict: cases.verdict(analysis),
            risk: risk, recommendation: answer.recommendation.text, warnings: answer.warnings,
            intendedUse: answer.intendedUse, classes: classes,
            feedback: cases.feedback(feedback, of: analysis, names: names),
            labels: cases.labels(of: analysis, selected: record.primaryLabel),
            mayAnswer: principal.may(.feedbackAdd),
            maySign: principal.may(.analysisSign) && record.status == .preliminary, facts: facts)
    }

    private var signed: String? {
        guard let user = record.signedBy, let time = record.signedAt else { return nil }
        return messages.text(
            "states.signed_by", ["name": cases.name(user, names), "time": TimeText(time).text])
    }

    private var photos: [AnalysisView.Photo] {
        let count = analysis.images.count
        return analysis.images.compactMap { image in
            guard let url = CasePresenter.image(analysis, image.position) else { return nil }
            let number = "\(image.position + 1)"
            return AnalysisView.Photo(
                url: url, width: image.width, height: image.height,
                alt: count == 1
                    ? messages.text("analysis.photo_alt")
                    : messages.text("analysis.photo_alt_of", ["number": number, "count": "\(count)"]),
                map: hasMap ? "/analyses/\(record.id)/attention/\(image.position)" : nil)
        }
    }

    /// The probability of the class whose risk counts, with what is known of how far it holds.
    private var risk: AnalysisView.Risk? {
        let calibration = answer.calibration
        guard let found = answer.classes.first(where: { $0.id == calibration.riskClass }) else { return nil }
        let percent = cases.percent(found.probability)
        let label = found.label
        var sentence = messages.text(
            calibration.temperature == 1 ? "analysis.risk_uncalibrated" : "analysis.risk",
            ["label": label, "percent": percent])
        var description = messages.text("analysis.scale", ["label": label, "percent": percent])
        var interval: AnalysisView.Risk.Mark?
        if let range = calibration.interval {
            let (low, high) = (cases.percent(range.lower), cases.percent(range.upper))
            sentence += " "
            sentence += messages.text(
                "analysis.range",
                [
                    "count": "\(range.count)", "low": Self.inHundred(range.lower),
                    "high": Self.inHundred(range.upper), "name": label.lowercased(),
                ])
            description += ", " + messages.text("analysis.scale_range", ["low": low, "high": high])
            interval = AnalysisView.Risk.Mark(
                x: Self.place(range.lower), width: ChartView.number((range.upper - range.lower) * Self.scale),
                text: messages.text("analysis.interval", ["low": low, "high": high, "method": range.method]))
        } else if let reason = calibration.intervalReason {
            sentence += " " + messages.text("analysis.no_range", ["reason": reason])
        }
        let threshold = found.threshold.map { threshold in
            let text = messages.text("analysis.threshold", ["percent": cases.percent(threshold)])
            description += ", " + text
            return AnalysisView.Risk.Mark(x: Self.place(threshold), width: "0", text: text)
        }
        return AnalysisView.Risk(
            sentence: sentence, description: description, x: Self.place(found.probability), interval: interval,
            threshold: threshold)
    }

    /// How long the scale is drawn; it begins at 8.
    private static let scale = 384.0

    private static func place(_ probability: Double) -> String { ChartView.number(8 + scale * probability) }

    private static func inHundred(_ share: Double) -> String { "\(Int((share * 100).rounded()))" }

    private var classes: [AnalysisView.ClassBar] {
        answer.classes.enumerated().map { index, one in
            AnalysisView.ClassBar(
                name: one.label, code: one.code, percent: cases.percent(one.probability),
                width: ChartView.number(one.probability * 100),
                threshold: one.threshold.map { ChartView.number($0 * 100) }, style: index == 0 ? "first" : "")
        }
    }

    private var facts: [AnalysisView.Fact] {
        func fact(_ key: String, _ value: String) -> AnalysisView.Fact {
            AnalysisView.Fact(name: messages.choice("facts", key), value: value)
        }
        let latency = messages.text("analysis.milliseconds", ["count": "\(Int(record.latencyMilliseconds.rounded()))"])
        let quality = answer.quality.measures.sorted { $0.key < $1.key }
            .map { "\($0.key) \(String(format: "%.3g", $0.value))" }
        return [
            fact("id", record.id), fact("model", "\(record.modelID) \(record.modelVersion)"),
            fact("model_hash", record.modelHash), fact("image_hash", record.inputHash), fact("latency", latency),
        ] + (record.threshold.map { [fact("threshold", cases.percent($0))] } ?? [])
            + (answer.recommendation.rules.map { [fact("rules", $0)] } ?? [])
            + (quality.isEmpty ? [] : [fact("quality", quality.joined(separator: ", "))])
    }
}
