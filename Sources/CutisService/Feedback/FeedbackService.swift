import CutisCore
public import CutisStorage
import Foundation

/// What clinicians and laboratories say of answers.
public struct FeedbackService: Sendable {
    let database: any Database
    let audit: AuditService
    let clock: ServiceClock

    /// A class that no model knows: for a correction or a histology outside the model's classes, with a note.
    public static let otherLabel = "other"
    /// The most bytes of a note.
    public static let mostNoteBytes = 2000

    /// Joins the service's parts.
    public init(database: any Database, audit: AuditService, clock: ServiceClock = .system) {
        self.database = database
        self.audit = audit
        self.clock = clock
    }

    /// Adds what someone says of an analysis. A class other than the model's own sends it to the reviewers.
    ///
    /// - Parameters:
    ///   - label: the id of a class of the answer, or `other`; nil takes the answer's own for a confirmation.
    ///   - note: free text, at most 2,000 bytes; it stays with the feedback and goes into no log.
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.requestInvalid` for a class that the answer does not have,
    ///   a confirmation of another class, or a note that is too long.
    public func add(
        _ kind: FeedbackRecord.Kind, to analysisID: String, label: String? = nil, note: String? = nil,
        by principal: Principal
    ) async throws -> FeedbackRecord {
        try principal.require(.feedbackAdd)
        let now = clock.now()
        return try await database.write { [audit] transaction in
            let analysis = try AnalysisService.find(analysisID, by: principal, in: transaction)
            let record = FeedbackRecord(
                id: Identifier.make(milliseconds: now), analysisID: analysisID, clinicID: analysis.record.clinicID,
                userID: principal.userID, kind: kind,
                label: try Self.label(label, kind, note: note, of: analysis), note: try Self.note(note),
                createdAt: now)
            try Self.keep(record, of: analysis, audit, by: principal, in: transaction)
            return record
        }
    }

    /// What was said of an analysis, oldest first.
    public func list(of analysisID: String, by principal: Principal) async throws -> [FeedbackRecord] {
        try principal.require(.feedbackRead)
        return try await database.read { transaction in
            let analysis = try AnalysisService.find(analysisID, by: principal, in: transaction)
            return try FeedbackRepository(transaction).list(
                analysisID: analysisID, clinicID: analysis.record.clinicID)
        }
    }

    /// What was said of all analyses that the user sees, newest first.
    public func list(
        kind: FeedbackRecord.Kind? = nil, limit: Int = 100, before: PageCursor? = nil, by principal: Principal
    ) async throws -> [FeedbackRecord] {
        try principal.require(.feedbackRead)
        return try await database.read {
            try FeedbackRepository($0).list(
                clinicID: principal.clinicID, kind: kind, limit: min(max(limit, 1), 1000), before: before)
        }
    }

    /// Keeps feedback, flags a disagreement and puts both on record.
    static func keep(
        _ record: FeedbackRecord, of analysis: Analysis, _ audit: AuditService, by principal: Principal,
        in transaction: any Transaction
    ) throws {
        try FeedbackRepository(transaction).insert(record)
        let flag = ReviewFlag.disagreement.rawValue
        if record.label != analysis.record.primaryLabel, !analysis.record.flags.contains(flag) {
            try AnalysisRepository(transaction).setFlags(
                analysis.record.flags + [flag], of: record.analysisID, clinicID: record.clinicID)
        }
        try audit.append(
            AuditEntry(
                Action.feedbackAdd.rawValue, subject: record.analysisID, by: principal, clinicID: record.clinicID,
                modelHash: analysis.record.modelHash, inputHash: analysis.record.inputHash,
                threshold: analysis.record.threshold,
                details: [
                    "feedback": .string(record.id), "kind": .string(record.kind.rawValue),
                    "label": .string(record.label), "primary": .string(analysis.record.primaryLabel),
                ]),
            in: transaction)
    }

    /// The class that is meant, if it may be.
    static func label(
        _ label: String?, _ kind: FeedbackRecord.Kind, note: String?, of analysis: Analysis
    ) throws(CutisError) -> String {
        let primary = analysis.record.primaryLabel
        let known = analysis.answer.classes.map(\.id)
        guard let name = label ?? (kind == .confirmation ? primary : nil) else {
            throw invalid("A \(kind.rawValue) needs a class.", known)
        }
        if kind == .confirmation, name != primary {
            throw invalid("A confirmation is of the answer's own class \(primary); send a correction otherwise.", known)
        }
        if kind == .correction, name == primary {
            throw invalid("A correction names another class than the answer's own; send a confirmation.", known)
        }
        if name == otherLabel, !known.contains(otherLabel) {
            guard let note, !note.allSatisfy(\.isWhitespace) else {
                throw invalid("The class `other` needs a note that says what it is.", known)
            }
            return name
        }
        guard known.contains(name) else { throw invalid("The answer has no class “\(name.prefix(40))”.", known) }
        return name
    }

    static func note(_ note: String?) throws(CutisError) -> String? {
        guard let note, !note.allSatisfy(\.isWhitespace) else { return nil }
        guard note.utf8.count <= mostNoteBytes else {
            throw CutisError(
                .requestInvalid, "The note has \(note.utf8.count) bytes, \(mostNoteBytes) are allowed.",
                remedy: "Send a shorter note.")
        }
        return note
    }

    private static func invalid(_ message: String, _ known: [String]) -> CutisError {
        CutisError(
            .requestInvalid, message, remedy: "The classes are \((known + [otherLabel]).joined(separator: ", ")).")
    }
}
