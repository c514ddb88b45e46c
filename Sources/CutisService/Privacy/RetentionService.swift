import CutisCore
public import CutisStorage
import Foundation

/// Deleting for good: rows, blobs, what idempotency keys remember, and what a restored backup brings back.
///
/// The transaction that removes the rows writes a tombstone and an entry of the audit trail, neither of which holds
/// anything but identifiers of the service's own; then the blobs go, and what is left in the database's files. A crash
/// in between leaves blobs without a row, which the sweep finds.
public struct RetentionService: Sendable {
    let database: any Database
    let blobs: any BlobStore
    let audit: AuditService
    let pseudonyms: Pseudonyms
    let clock: ServiceClock
    let policy: RetentionPolicy

    /// Joins the service's parts.
    public init(
        database: any Database, blobs: any BlobStore, audit: AuditService, secret: InstallationSecret,
        clock: ServiceClock = .system, policy: RetentionPolicy = RetentionPolicy()
    ) {
        self.database = database
        self.blobs = blobs
        self.audit = audit
        pseudonyms = Pseudonyms(secret)
        self.clock = clock
        self.policy = policy
    }
}

/// How long what is kept.
public struct RetentionPolicy: Sendable, Hashable {
    /// Analyses with all that belongs to them; nil keeps them until they are deleted.
    public var analysisMilliseconds: Int64?
    /// The answers that idempotency keys remember.
    public var idempotencyMilliseconds: Int64
    /// How old a blob without a row must be before the sweep takes it for lost.
    public var orphanMilliseconds: Int64

    /// Joins the parts.
    public init(
        analysisMilliseconds: Int64? = nil, idempotencyMilliseconds: Int64 = 24 * 3_600_000,
        orphanMilliseconds: Int64 = 3_600_000
    ) {
        self.analysisMilliseconds = analysisMilliseconds
        self.idempotencyMilliseconds = idempotencyMilliseconds
        self.orphanMilliseconds = orphanMilliseconds
    }
}

/// What a sweep has deleted.
public struct SweepReport: Sendable, Hashable {
    /// Analyses that were too old.
    public var analyses = 0
    /// Patients of whom nothing was left.
    public var patients = 0
    /// Remembered answers that were too old.
    public var idempotencyKeys = 0
    /// Sessions that had ended.
    public var sessions = 0
    /// Blobs that no analysis referred to.
    public var orphans = 0
    /// Blobs that could not be deleted; the next sweep tries again.
    public var failures = 0

    /// Joins the parts.
    public init() {}
}

extension RetentionService {
    /// The kinds of tombstones.
    enum Kind: String { case analysis, patient, visit }

    /// Deletes one analysis with its images and all that was said of it.
    ///
    /// - Parameter reason: a short word such as `request`; never a name.
    /// - Throws: `CutisError`: `.forbidden`, `.notFound`, `.requestInvalid` for the reason.
    public func deleteAnalysis(_ id: String, reason: String = "request", by principal: Principal) async throws {
        try principal.require(.dataDelete)
        try Self.check(reason)
        let keys = try await database.write { [self] transaction in
            guard Identifier.isValid(id),
                let record = try AnalysisRepository(transaction).find(id, clinicID: principal.clinicID)
            else { throw AnalysisService.missing("analysis") }
            let keys = try remove([record], reason, in: transaction)
            try audit.append(
                AuditEntry(
                    Action.dataDelete.rawValue, subject: id, by: principal, clinicID: record.clinicID,
                    details: ["kind": .string(Kind.analysis.rawValue), "reason": .string(reason)]),
                in: transaction)
            return keys
        }
        try await erase(keys)
    }

    /// Deletes a patient by the record's id, with all visits and analyses.
    ///
    /// - Throws: as `deleteAnalysis`.
    public func deletePatient(_ id: String, reason: String = "request", by principal: Principal) async throws {
        try principal.require(.dataDelete)
        try Self.check(reason)
        let keys = try await database.write { [self] transaction in
            guard Identifier.isValid(id),
                let patient = try PatientRepository(transaction).find(id, clinicID: principal.clinicID)
            else { throw AnalysisService.missing("patient") }
            let keys = try remove(patient, reason, in: transaction)
            try audit.append(
                AuditEntry(
                    Action.dataDelete.rawValue, subject: id, by: principal, clinicID: patient.clinicID,
                    details: [
                        "kind": .string(Kind.patient.rawValue), "reason": .string(reason),
                        "images": .integer(keys.count),
                    ]),
                in: transaction)
            return keys
        }
        try await erase(keys)
    }

    /// Deletes what a retention period has run out for, and what crashes have left over.
    ///
    /// - Throws: `CutisError`: `.forbidden`, and what the stores throw; what was deleted before stays deleted.
    public func sweep(by principal: Principal = .system) async throws -> SweepReport {
        try Self.requireInstallation(principal)
        var report = SweepReport()
        let now = clock.now()
        if let age = policy.analysisMilliseconds {
            while let done = try await sweepPage(olderThan: now - age, by: principal) {
                report.analyses += done.analyses
                report.patients += done.patients
                report.failures += done.failures
            }
        }
        let idempotency = policy.idempotencyMilliseconds
        let (keys, sessions) = try await database.write { transaction in
            (
                try IdempotencyRepository(transaction).delete(olderThan: now - idempotency),
                try SessionRepository(transaction).deleteExpired(at: now)
            )
        }
        (report.idempotencyKeys, report.sessions) = (keys, sessions)
        let orphans = try await sweepOrphans(before: now - policy.orphanMilliseconds)
        report.orphans = orphans.deleted
        report.failures += orphans.failed
        return report
    }

    /// What was deleted, newest first: to be kept apart from backups, and given to `replay` after one is restored.
    public func tombstones(
        limit: Int = 1000, before: PageCursor? = nil, by principal: Principal
    ) async throws -> [TombstoneRecord] {
        try Self.requireInstallation(principal)
        return try await database.read { try TombstoneRepository($0).list(limit: limit, before: before) }
    }

    /// Deletes again what a restored backup has brought back.
    ///
    /// - Parameter tombstones: those that were kept apart from the backup; the database's own are replayed in any case.
    /// - Returns: how many analyses and patients were there again.
    public func replay(
        _ tombstones: [TombstoneRecord] = [], by principal: Principal = .system
    ) async throws -> Int {
        try Self.requireInstallation(principal)
        var all = tombstones
        var cursor: PageCursor?
        repeat {
            let page = try await self.tombstones(before: cursor, by: principal)
            all += page
            cursor = page.count < 1000 ? nil : page.last.map { PageCursor(createdAt: $0.deletedAt, id: $0.id) }
        } while cursor != nil
        var count = 0
        // A patient takes its analyses along, whose own stones then find nothing to do.
        let (patients, others) = (
            all.filter { $0.kind == Kind.patient.rawValue }, all.filter { $0.kind != Kind.patient.rawValue }
        )
        for stone in patients + others where try await replay(stone, by: principal) { count += 1 }
        if count > 0 { try await database.eraseRemains() }
        return count
    }

    private static func requireInstallation(_ principal: Principal) throws(CutisError) {
        try principal.require(.dataDelete)
        guard principal.clinicID == nil else {
            throw CutisError(
                .forbidden, "Retention and tombstones concern all clinics.",
                remedy: "Ask an administrator of the installation.")
        }
    }
}
