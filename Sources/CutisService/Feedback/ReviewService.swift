import CutisCore
public import CutisStorage
import Foundation

/// What reviewers look at: analyses that were flagged, with what was said of them.
public struct ReviewService: Sendable {
    let database: any Database
    let audit: AuditService
    let clock: ServiceClock

    /// Joins the service's parts.
    public init(database: any Database, audit: AuditService, clock: ServiceClock = .system) {
        self.database = database
        self.audit = audit
        self.clock = clock
    }

    /// Which analyses are asked for.
    public enum Filter: String, Sendable, Hashable, CaseIterable {
        /// Everything that has a flag.
        case flagged
        /// Flagged because a clinician or the laboratory names another class.
        case corrections
        /// Preliminary: nobody has signed it.
        case unsigned
    }

    /// One analysis in the queue.
    public struct Item: Sendable {
        /// The analysis.
        public var analysis: Analysis
        /// What was said of it, oldest first.
        public var feedback: [FeedbackRecord]
    }

    /// A page of the queue, newest first.
    public struct Page: Sendable {
        /// The analyses with what was said of them.
        public var items: [Item]
        /// Where the next page begins; nil after the last. A page can be short, or empty, and have a next one.
        public var next: PageCursor?
    }

    /// A reviewer's word on an analysis.
    public struct Decision: Sendable, Hashable {
        /// The words.
        public enum Outcome: String, Sendable, Hashable, CaseIterable {
            /// The answer stands: kept as a confirmation.
            case upheld
            /// Another class is right: kept as a correction.
            case overruled
            /// It cannot be told from the image.
            case inconclusive
        }

        /// The word.
        public var outcome: Outcome
        /// The right class, where the answer is overruled.
        public var label: String?
        /// Free text.
        public var note: String?

        /// Joins the parts.
        public init(_ outcome: Outcome, label: String? = nil, note: String? = nil) {
            self.outcome = outcome
            self.label = label
            self.note = note
        }
    }

    private static let scan = 200

    /// The queue of the reviewer's clinic.
    ///
    /// - Throws: `CutisError` with `.forbidden`.
    public func queue(
        _ filter: Filter = .flagged, limit: Int = 50, before: PageCursor? = nil, by principal: Principal
    ) async throws -> Page {
        try principal.require(.reviewRead)
        let most = min(max(limit, 1), Self.scan)
        return try await database.read { transaction in
            let analyses = AnalysisRepository(transaction)
            let records =
                filter == .unsigned
                ? try analyses.list(clinicID: principal.clinicID, limit: Self.scan, before: before)
                : try analyses.listFlagged(clinicID: principal.clinicID, limit: Self.scan, before: before)
            let fitting = records.filter { Self.fits($0, filter) }
            let page = fitting.prefix(most)
            let last = fitting.count > most ? page.last : records.count == Self.scan ? records.last : nil
            return Page(
                items: try page.map { record in
                    Item(
                        analysis: try AnalysisService.find(record.id, by: principal, in: transaction),
                        feedback: try FeedbackRepository(transaction).list(
                            analysisID: record.id, clinicID: record.clinicID))
                }, next: last.map { PageCursor(createdAt: $0.createdAt, id: $0.id) })
        }
    }

    private static func fits(_ record: AnalysisRecord, _ filter: Filter) -> Bool {
        switch filter {
        case .flagged: true
        case .corrections: record.flags.contains(ReviewFlag.disagreement.rawValue)
        case .unsigned: record.status == .preliminary
        }
    }

    /// Takes an analysis out of the queue with a decision, which is kept as feedback and put on record.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.conflict` where nothing is flagged (another reviewer was
    ///   faster), `.requestInvalid` for a class that the answer does not have.
    public func resolve(
        _ analysisID: String, _ decision: Decision, by principal: Principal
    ) async throws -> Analysis {
        try principal.require(.reviewResolve)
        let now = clock.now()
        return try await database.write { [audit] transaction in
            let analysis = try AnalysisService.find(analysisID, by: principal, in: transaction)
            guard !analysis.record.flags.isEmpty else {
                throw CutisError(
                    .conflict, "The analysis is not in the queue: it was resolved before.",
                    remedy: "Load the queue again.")
            }
            var details: [String: OrderedJSON] = [
                "decision": .string(decision.outcome.rawValue),
                "flags": .array(analysis.record.flags.map { .string($0) }),
            ]
            if let kind = decision.kind {
                let record = FeedbackRecord(
                    id: Identifier.make(milliseconds: now), analysisID: analysisID,
                    clinicID: analysis.record.clinicID, userID: principal.userID, kind: kind,
                    label: try FeedbackService.label(decision.label, kind, note: decision.note, of: analysis),
                    note: try FeedbackService.note(decision.note), createdAt: now)
                try FeedbackRepository(transaction).insert(record)
                details["feedback"] = .string(record.id)
                details["label"] = .string(record.label)
            }
            try AnalysisRepository(transaction).setFlags([], of: analysisID, clinicID: analysis.record.clinicID)
            try audit.append(
                AuditEntry(
                    Action.reviewResolve.rawValue, subject: analysisID, by: principal,
                    clinicID: analysis.record.clinicID, modelHash: analysis.record.modelHash,
                    inputHash: analysis.record.inputHash, threshold: analysis.record.threshold, details: details),
                in: transaction)
            var resolved = analysis
            resolved.record.flags = []
            return resolved
        }
    }
}

extension ReviewService.Decision {
    /// As what feedback the decision is kept.
    var kind: FeedbackRecord.Kind? {
        switch outcome {
        case .upheld: .confirmation
        case .overruled: .correction
        case .inconclusive: nil
        }
    }
}
