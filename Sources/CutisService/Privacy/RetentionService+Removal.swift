import CutisCore
import CutisStorage
import Foundation

extension RetentionService {
    private static let page = 100

    /// Removes analyses with what belongs to them, and visits and patients of whom nothing is left.
    ///
    /// - Returns: the keys of the blobs that are to go after the commit.
    func remove(_ records: [AnalysisRecord], _ reason: String, in transaction: any Transaction) throws -> [String] {
        let now = clock.now()
        let tombstones = TombstoneRepository(transaction)
        var keys: [String] = []
        for record in records {
            keys += try ImageRepository(transaction).list(analysisID: record.id, clinicID: record.clinicID)
                .map(\.blobKey)
            try AnalysisRepository(transaction).delete(record.id, clinicID: record.clinicID)
            try tombstones.insert(
                TombstoneRecord(kind: Kind.analysis.rawValue, id: record.id, reason: reason, deletedAt: now))
        }
        for visit in Set(records.compactMap(\.visitID)) {
            guard try AnalysisRepository(transaction).list(visitID: visit, clinicID: nil).isEmpty else { continue }
            try VisitRepository(transaction).delete(visit, clinicID: nil)
            try tombstones.insert(
                TombstoneRecord(kind: Kind.visit.rawValue, id: visit, reason: reason, deletedAt: now))
        }
        try IdempotencyService.forget(records.map(\.id), in: transaction)
        return keys
    }

    /// Removes a patient with all that belongs to it.
    func remove(_ patient: PatientRecord, _ reason: String, in transaction: any Transaction) throws -> [String] {
        let analyses = AnalysisRepository(transaction)
        var keys: [String] = []
        while true {
            let page = try analyses.list(clinicID: patient.clinicID, patientID: patient.id, limit: Self.page)
            if page.isEmpty { break }
            keys += try remove(page, reason, in: transaction)
        }
        let visits = VisitRepository(transaction)
        while let visit = try visits.list(clinicID: patient.clinicID, patientID: patient.id, limit: 1).first {
            try visits.delete(visit.id, clinicID: patient.clinicID)
        }
        try PatientRepository(transaction).delete(patient.id, clinicID: patient.clinicID)
        try TombstoneRepository(transaction).insert(
            TombstoneRecord(kind: Kind.patient.rawValue, id: patient.id, reason: reason, deletedAt: clock.now()))
        return keys
    }

    /// Deletes blobs whose rows are gone, and what is left of the rows in the database's files.
    ///
    /// - Throws: the first failure, after all were tried: the rows are gone already, and the sweep tries again.
    func erase(_ keys: [String]) async throws {
        var failure: (any Error)?
        for key in keys {
            do { try await blobs.delete(key) } catch { failure = failure ?? error }
        }
        try await database.eraseRemains()
        if let failure { throw failure }
    }

    /// Deletes one page of what is too old; nil when there is nothing left.
    func sweepPage(olderThan time: Int64, by principal: Principal) async throws -> SweepReport? {
        let (keys, done) = try await database.write { [self] transaction in
            let records = try AnalysisRepository(transaction)
                .list(olderThan: time, clinicID: principal.clinicID, limit: Self.page)
            guard !records.isEmpty else { return ([String](), SweepReport?.none) }
            let keys = try remove(records, "age", in: transaction)
            var done = SweepReport()
            done.analyses = records.count
            for id in Set(records.map(\.patientID)) {
                guard let patient = try PatientRepository(transaction).find(id, clinicID: nil),
                    try AnalysisRepository(transaction).list(clinicID: nil, patientID: id, limit: 1).isEmpty
                else { continue }
                _ = try remove(patient, "age", in: transaction)
                done.patients += 1
            }
            try audit.append(
                AuditEntry(
                    Action.dataDelete.rawValue, subject: "-", by: principal,
                    details: [
                        "kind": "age", "analyses": .array(records.map { .string($0.id) }),
                        "patients": .integer(done.patients),
                    ]),
                in: transaction)
            return (keys, done)
        }
        guard var done else { return nil }
        do { try await erase(keys) } catch { done.failures += 1 }
        return done
    }

    /// Deletes blobs that no row refers to and that are older than any request in flight.
    func sweepOrphans(before time: Int64) async throws -> (deleted: Int, failed: Int) {
        let old = try await blobs.keys(prefix: BlobNames.images).filter { key in
            BlobNames.time(of: key).map { $0 < time } ?? true
        }
        var (deleted, failed) = (0, 0)
        for start in stride(from: 0, to: old.count, by: Self.page) {
            let some = Array(old[start..<min(start + Self.page, old.count)])
            for key in try await database.read({ try ImageRepository($0).unused(blobKeys: some) }) {
                do {
                    try await blobs.delete(key)
                    deleted += 1
                } catch { failed += 1 }
            }
        }
        return (deleted, failed)
    }

    /// Deletes again what one tombstone names.
    ///
    /// - Returns: whether it was there.
    func replay(_ stone: TombstoneRecord, by principal: Principal) async throws -> Bool {
        let keys = try await database.write { [self] transaction -> [String]? in
            var keys: [String]?
            switch Kind(rawValue: stone.kind) {
            case .analysis:
                let record = try AnalysisRepository(transaction).find(stone.id, clinicID: nil)
                keys = try record.map { try remove([$0], stone.reason, in: transaction) }
            case .patient:
                let patient = try PatientRepository(transaction).find(stone.id, clinicID: nil)
                keys = try patient.map { try remove($0, stone.reason, in: transaction) }
            case .visit, nil: break
            }
            try TombstoneRepository(transaction).insert(stone)
            guard let keys else { return nil }
            try audit.append(
                AuditEntry(
                    Action.dataDelete.rawValue, subject: stone.id, by: principal,
                    details: ["kind": .string(stone.kind), "reason": "restored"]),
                in: transaction)
            return keys
        }
        guard let keys else { return false }
        for key in keys { try await blobs.delete(key) }
        return true
    }

    /// A reason goes on record: a word of a list, so that no name gets in.
    static func check(_ reason: String) throws(CutisError) {
        guard (1...40).contains(reason.utf8.count),
            reason.utf8.allSatisfy({ (97...122).contains($0) || $0 == UInt8(ascii: "-") })
        else {
            throw CutisError(
                .requestInvalid, "The reason is not 1–40 of a–z and -.",
                remedy: "Send a word such as `request` or `consent-withdrawn`; it is kept for ever.")
        }
    }
}
