import CutisCore
import CutisService
import CutisStorage
import Foundation

/// Turns what the service says into what pages show.
struct CasePresenter {
    let messages: MessageCatalogue

    /// What a patient is called on pages: the last digits of the record's identifier, which are random.
    func patient(_ id: String) -> String {
        let digits = id.filter { $0 != "-" }.suffix(8).uppercased()
        return messages.text("patient.name", ["code": "\(digits.prefix(4))-\(digits.suffix(4))"])
    }

    func row(_ analysis: Analysis) -> CaseView {
        let record = analysis.record
        return CaseView(
            id: record.id, time: TimeText(record.createdAt), verdict: verdict(analysis),
            band: band(analysis),
            site: site(analysis), model: "\(record.modelID) \(record.modelVersion)", state: record.status.rawValue,
            stateText: messages.choice("states", record.status.rawValue),
            thumbnail: Self.image(analysis, 0, in: "thumbnails"))
    }

    /// The band of the class whose risk counts, in words that name the class: low for melanoma may still be a carcinoma.
    func band(_ analysis: Analysis) -> BandView {
        let calibration = analysis.answer.calibration
        guard let band = calibration.riskBand, let name = calibration.riskClass else {
            return BandView(name: "none", text: messages.text("bands.none"))
        }
        // What a reviewer should look at is not shown as low.
        if band == .low, !analysis.record.flags.isEmpty {
            return BandView(name: "medium", text: messages.text("bands.flagged"))
        }
        let label = label(name, of: analysis)
        let text =
            switch band {
            case .high: messages.text("bands.high", ["label": label])
            case .medium: messages.text("bands.medium", ["label": label])
            case .low: messages.text("bands.low", ["label": label])
            }
        return BandView(name: band.rawValue, text: text)
    }

    /// Where on the body it is, where that was said.
    func site(_ analysis: Analysis) -> String? {
        analysis.answer.site.map { messages.choice("sites", $0.rawValue) }
    }

    /// The answer in words, without a number.
    func verdict(_ analysis: Analysis) -> String {
        if analysis.record.kind == .screening {
            let found = analysis.answer.classes.filter { one in one.threshold.map { one.probability >= $0 } ?? false }
            guard !found.isEmpty else { return messages.text("analysis.no_finding") }
            return messages.text("analysis.findings", ["labels": found.map(\.label).joined(separator: ", ")])
        }
        return messages.text("analysis.primary", ["label": analysis.answer.primary?.label ?? ""])
    }

    /// The name of a class of an answer.
    func label(_ id: String, of analysis: Analysis) -> String {
        analysis.answer.classes.first { $0.id == id }?.label ?? messages.choice("labels", id)
    }

    /// The classes of an answer and `other`, to choose from.
    func labels(of analysis: Analysis, selected: String?) -> [Choice] {
        analysis.answer.classes.sorted { $0.label < $1.label }
            .map { Choice(value: $0.id, text: $0.label, selected: $0.id == selected) }
            + [Choice(value: FeedbackService.otherLabel, text: messages.choice("labels", "other"))]
    }

    func feedback(_ records: [FeedbackRecord], of analysis: Analysis, names: [String: String]) -> [FeedbackView] {
        records.map { record in
            FeedbackView(
                kind: messages.choice("kinds", record.kind.rawValue), label: label(record.label, of: analysis),
                author: name(record.userID, names), note: record.note, time: TimeText(record.createdAt))
        }
    }

    func name(_ userID: String, _ names: [String: String]) -> String {
        names[userID] ?? messages.text("frame.somebody")
    }

    /// The address of an image, whole or among `thumbnails`; nil where the case has none at that place.
    static func image(_ analysis: Analysis, _ position: Int, in folder: String = "images") -> String? {
        guard analysis.images.contains(where: { $0.position == position }) else { return nil }
        return "/analyses/\(analysis.record.id)/\(folder)/\(position)"
    }

    /// A probability as people read it.
    func percent(_ value: Double) -> String { String(format: "%.1f\u{A0}%%", value * 100) }
}
