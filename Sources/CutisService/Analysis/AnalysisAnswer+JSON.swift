public import CutisCore
public import CutisStorage
import Foundation

extension AnalysisAnswer {
    /// The answer as it is stored: JSON with sorted keys.
    package func stored() throws(CutisError) -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .withoutEscapingSlashes]
        guard let data = try? encoder.encode(self) else {
            throw CutisError(
                .internalFailure, "The answer cannot be written as JSON.", remedy: "Report this as a fault of Cutis.")
        }
        return String(decoding: data, as: UTF8.self)
    }

    /// Reads a stored answer.
    ///
    /// - Throws: `CutisError` with `.storageCorrupt`.
    package init(stored text: String, of id: String) throws(CutisError) {
        do {
            self = try JSONDecoder().decode(AnalysisAnswer.self, from: Data(text.utf8))
        } catch {
            throw CutisError(
                .storageCorrupt, "The stored answer of the analysis \(id) cannot be read.",
                remedy: "Restore the database from its backup.")
        }
    }

    /// The documented response of one analysis; `map` is the heat map as base64 text, or null.
    public func response(map: OrderedJSON, record: AnalysisRecord) -> OrderedJSON {
        let head: KeyValuePairs<String, OrderedJSON> = [
            "diagnosis": diagnosis, "attention_map": map, "recommendation": .string(recommendation.text),
            "model_version": .string("\(record.modelID)@\(record.modelVersion)"),
            "latency_ms": .number((record.latencyMilliseconds * 100).rounded() / 100),
        ]
        let screening: KeyValuePairs<String, OrderedJSON> =
            record.kind == .screening ? ["screening": screeningJSON(record)] : [:]
        return OrderedJSON.object(head).appending(screening).appending([
            "id": .string(record.id), "status": .string(record.status.rawValue),
            "created_at": .integer(Int(record.createdAt)), "patient": .string(record.patientID),
            "visit": .optional(record.visitID), "body_site": .optional(site?.rawValue),
            "signed_by": .optional(record.signedBy),
            "signed_at": record.signedAt.map { .integer(Int($0)) } ?? .null,
            "flags": .array(record.flags.map { .string($0) }), "quality": qualityJSON,
            "calibration": calibrationJSON, "rules_version": .optional(recommendation.rules),
            "warnings": .array(warnings.map { .string($0) }), "intended_use": .string(intendedUse),
        ])
    }

    private var diagnosis: OrderedJSON {
        let all = classes.reduce(OrderedJSON.object([:])) { $0.appending([$1.id: .number($1.probability)]) }
        return .object([
            "primary": .optional(primary?.id), "confidence": primary.map { .number($0.probability) } ?? .null,
            "melanoma_risk": melanomaRisk.map { .number($0) } ?? .null, "all_classes": all,
        ])
    }

    private var qualityJSON: OrderedJSON {
        let findings = quality.findings.map { finding in
            OrderedJSON.object([
                "code": .string(finding.code.rawValue), "severity": .string(finding.severity.rawValue),
                "message": .string(finding.message), "remedy": .string(finding.remedy),
            ])
        }
        let measures = quality.measures.sorted { $0.key < $1.key }
            .reduce(OrderedJSON.object([:])) { $0.appending([$1.key: .number($1.value)]) }
        return .object([
            "level": .string(quality.level.rawValue), "findings": .array(findings), "measures": measures,
        ])
    }

    private var calibrationJSON: OrderedJSON {
        let interval = calibration.interval.map { interval in
            OrderedJSON.object([
                "lower": .number(interval.lower), "upper": .number(interval.upper),
                "observed": .number(interval.observed), "count": .integer(interval.count),
                "method": .string(interval.method),
            ])
        }
        return .object([
            "temperature": .number(calibration.temperature), "risk_class": .optional(calibration.riskClass),
            "risk_band": .optional(calibration.riskBand?.rawValue), "interval": interval ?? .null,
            "interval_reason": .optional(calibration.intervalReason),
        ])
    }

    /// What the command line prints of a screening case.
    private func screeningJSON(_ record: AnalysisRecord) -> OrderedJSON {
        let findings = classes.map { one in
            ScreeningFinding(
                DiagnosisLabel(id: one.id, label: one.label, code: one.code), probability: one.probability,
                threshold: one.threshold ?? 0.5)
        }
        return Screening(
            findings: findings, imageCount: imageCount, attention: attention,
            model: ModelIdentity(id: record.modelID, version: record.modelVersion)
        ).json
    }
}
