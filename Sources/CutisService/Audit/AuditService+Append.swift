import CutisCore
public import CutisStorage
import Foundation

extension AuditService {
    /// The setting that holds the signed end of the trail.
    static let headSetting = "audit.head"

    /// Appends an entry within the transaction of what it tells; call it last, because other writers wait from then on.
    ///
    /// The time of an entry is never before that of the one before it: where the clock went back by more than a second,
    /// an entry `clock.backwards` tells by how much, and times stand still until the clock has caught up.
    ///
    /// - Throws: `CutisError` with `.auditBroken` where the end of the trail does not fit its signature.
    @discardableResult
    public func append(_ entry: AuditEntry, in transaction: any Transaction) throws -> AuditRecord {
        let trail = AuditRepository(transaction)
        let end = try trail.lockHead()
        let former = try head(at: end, in: transaction)
        let now = clock.now()
        var last = (sequence: end.sequence, hash: end.hash, time: former?.time ?? .min)
        if let former, now < former.clock - Self.clockTolerance {
            let jump = AuditEntry(
                "clock.backwards", subject: "-", by: .system,
                details: ["milliseconds": .integer(Int(former.clock - now))])
            let record = record(jump, after: last, at: now)
            try trail.append(record)
            last = (record.sequence, record.hash, record.time)
        }
        let record = record(entry, after: last, at: now)
        try trail.append(record)
        let head = try SignedHead.make(
            sequence: record.sequence, hash: record.hash, time: record.time, clock: now, with: signer)
        let text = try head.text()
        try SettingRepository(transaction).set(Self.headSetting, to: text)
        known.keep(head, text: text)
        return record
    }

    /// Appends an entry in a transaction of its own.
    @discardableResult
    public func record(_ entry: AuditEntry) async throws -> AuditRecord {
        try await database.write { try append(entry, in: $0) }
    }

    /// The signed end that is kept; nil before the first entry.
    func head(at end: AuditHead, in transaction: any Transaction) throws -> SignedHead? {
        guard let text = try SettingRepository(transaction).find(Self.headSetting) else {
            if end.sequence == 0 { return nil }
            throw Self.broken("The signed end of the audit trail is missing.")
        }
        let seen = known.head(of: text)
        guard let head = seen ?? SignedHead(text), head.sequence == end.sequence, head.hash == end.hash,
            seen != nil || head.key == publicKey && head.isGenuine
        else { throw Self.broken("The end of the audit trail does not fit its signature.") }
        known.keep(head, text: text)
        return head
    }

    private func record(
        _ entry: AuditEntry, after last: (sequence: Int64, hash: String, time: Int64), at now: Int64
    ) -> AuditRecord {
        var record = AuditRecord(
            sequence: last.sequence + 1, time: max(now, last.time), actor: entry.actor, clinicID: entry.clinicID,
            action: entry.action, subject: entry.subject, modelHash: entry.modelHash, inputHash: entry.inputHash,
            threshold: entry.threshold, outcome: entry.outcome, details: entry.detailsText, previousHash: last.hash,
            hash: "")
        record.hash = AuditChain.hash(of: record)
        return record
    }

    static func broken(_ message: String) -> CutisError {
        CutisError(
            .auditBroken, message,
            remedy: "Stop the service, keep a copy of the database, run `cutis audit verify` and restore a backup.")
    }
}
