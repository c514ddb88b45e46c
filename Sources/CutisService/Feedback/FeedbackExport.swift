import CutisCore
import CutisStorage
public import Foundation

/// The forms in which feedback leaves the service.
public enum ExportFormat: String, Sendable, Hashable, CaseIterable {
    /// RFC 4180 with a head line; texts that a spreadsheet would take for a formula begin with an apostrophe.
    case csv
    /// One JSON object a line.
    case jsonl

    /// The media type of the form.
    public var mediaType: String { self == .csv ? "text/csv; charset=utf-8" : "application/x-ndjson" }
}

extension FeedbackService {
    private static let page = 500
    private static let columns = [
        "id", "created_at", "kind", "label", "note", "analysis_id", "clinic_id", "user_id", "model_id",
        "model_version", "model_hash", "input_hash", "predicted_label", "predicted_probability", "analysis_created_at",
    ]

    /// All feedback that the user sees with the prediction that it answers, newest first, page by page.
    ///
    /// The permission is checked and the export put on record before the first byte.
    public func export(
        _ format: ExportFormat, by principal: Principal
    ) async throws -> AsyncThrowingStream<Data, any Error> {
        try principal.require(.feedbackExport)
        try await audit.record(
            AuditEntry(
                Action.feedbackExport.rawValue, subject: "-", by: principal,
                details: ["format": .string(format.rawValue)]))
        let position = ExportPosition()
        return AsyncThrowingStream { [database] in
            try await position.next(format, database, principal)
        }
    }

    /// Where an export is; a stream asks it for one piece after the other.
    private actor ExportPosition {
        private var cursor: PageCursor?
        private var hasBegun = false
        private var hasEnded = false

        func next(
            _ format: ExportFormat, _ database: any Database, _ principal: Principal
        ) async throws -> Data? {
            if !hasBegun, format == .csv {
                hasBegun = true
                return Data((FeedbackService.columns.joined(separator: ",") + "\r\n").utf8)
            }
            hasBegun = true
            guard !hasEnded else { return nil }
            let before = cursor
            let rows = try await database.read { transaction in
                let page = try FeedbackRepository(transaction).list(
                    clinicID: principal.clinicID, limit: FeedbackService.page, before: before)
                let analyses = AnalysisRepository(transaction)
                return try page.map { ($0, try analyses.find($0.analysisID, clinicID: $0.clinicID)) }
            }
            hasEnded = rows.count < FeedbackService.page
            cursor = rows.last.map { PageCursor(createdAt: $0.0.createdAt, id: $0.0.id) }
            guard !rows.isEmpty else { return nil }
            return Data(rows.map { FeedbackService.line($0.0, $0.1, format) }.joined().utf8)
        }
    }

    private static func line(
        _ record: FeedbackRecord, _ analysis: AnalysisRecord?, _ format: ExportFormat
    ) -> String {
        let values: [OrderedJSON] = [
            .string(record.id), .integer(Int(record.createdAt)), .string(record.kind.rawValue), .string(record.label),
            .optional(record.note), .string(record.analysisID), .string(record.clinicID), .string(record.userID),
            .optional(analysis?.modelID), .optional(analysis?.modelVersion), .optional(analysis?.modelHash),
            .optional(analysis?.inputHash), .optional(analysis?.primaryLabel),
            analysis.map { .number($0.probability) } ?? .null, analysis.map { .integer(Int($0.createdAt)) } ?? .null,
        ]
        switch format {
        case .csv: return values.map(SpreadsheetText.field).joined(separator: ",") + "\r\n"
        case .jsonl:
            let object = zip(columns, values).reduce(OrderedJSON.object([:])) { $0.appending([$1.0: $1.1]) }
            return object.text(pretty: false) + "\n"
        }
    }
}

/// Fields of CSV that a spreadsheet opens as texts and numbers, and never as formulas (OWASP, CSV injection).
enum SpreadsheetText {
    /// A field; null is empty.
    static func field(_ value: OrderedJSON) -> String {
        switch value {
        case .null: ""
        case .string(let text): quoted(harmless(text))
        default: value.text(pretty: false)
        }
    }

    private static func harmless(_ text: String) -> String {
        // Full-width forms count as the sign itself in some locales; a leading space does not stop a formula.
        let dangerous: Set<Character> = ["=", "+", "-", "@", "\t", "\r", "\n", "＝", "＋", "－", "＠"]
        let first = text.first { $0 != " " }
        return first.map(dangerous.contains) ?? false ? "'" + text : text
    }

    private static func quoted(_ text: String) -> String {
        guard text.unicodeScalars.contains(where: { ["\"", ",", "\r", "\n", ";", "\t"].contains($0) }) else {
            return text
        }
        return "\"" + text.replacingOccurrences(of: "\"", with: "\"\"") + "\""
    }
}
