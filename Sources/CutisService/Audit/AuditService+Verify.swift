import CutisCore
public import CutisStorage
import Foundation

extension AuditService {
    private static let page = 500

    /// Checks the whole trail, page by page: each entry's hash, each link, the order of places and times, and that it
    /// ends where its signed end says.
    ///
    /// - Parameter anchors: signed ends that were kept apart, such as yesterday's; they show a trail that was cut off
    ///   and signed anew by someone with the installation's secret.
    /// - Returns: what was found; a fault is an answer, not an error.
    /// - Throws: `CutisError`: `.forbidden`, and what the database throws.
    public func verify(
        anchors: [SignedHead] = [], by principal: Principal
    ) async throws -> AuditVerification {
        try require(principal)
        if let forged = anchors.first(where: { !$0.isGenuine || $0.key != publicKey }) {
            return AuditVerification(
                count: 0, lastHash: AuditChain.origin,
                fault: AuditFault(
                    .headInvalid, at: forged.sequence,
                    "The signed end of entry \(forged.sequence) that was given is not signed by this installation."))
        }
        let wanted = Dictionary(grouping: anchors, by: \.sequence)
        // The end first: what is appended while the pages are read is not yet part of the question.
        let (end, head) = try await database.read { transaction in
            let end = try AuditRepository(transaction).head()
            return (end, Result { try self.head(at: end, in: transaction) })
        }
        var verifier = AuditVerifier()
        while true {
            let after = verifier.count
            let page = try await database.read { try AuditRepository($0).chain(after: after, limit: Self.page) }
            for record in page {
                if record.sequence > end.sequence, case .success = head, verifier.count == end.sequence {
                    return try await beyond(end, record, verifier)
                }
                if let fault = verifier.check(record) {
                    let kind = try await sharpen(fault, record, lastHash: verifier.lastHash, end: end.sequence)
                    return AuditVerification(count: verifier.count, lastHash: verifier.lastHash, fault: kind)
                }
                if let fault = Self.disagreement(record, wanted[record.sequence]) {
                    return AuditVerification(count: verifier.count, lastHash: verifier.lastHash, fault: fault)
                }
            }
            if page.count < Self.page { break }
        }
        let last = max(anchors.map(\.sequence).max() ?? 0, end.sequence)
        return AuditVerification(
            count: verifier.count, lastHash: verifier.lastHash,
            fault: Self.ending(verifier, last: last, end: end, head: head))
    }

    /// The signed end of the trail now, to be kept apart from the database: the means to find a cut later.
    public func signedHead(by principal: Principal) async throws -> SignedHead {
        try require(principal)
        return try await database.read { transaction in
            let end = try AuditRepository(transaction).head()
            if let head = try self.head(at: end, in: transaction) { return head }
            return try SignedHead.make(sequence: 0, hash: AuditChain.origin, time: 0, clock: 0, with: signer)
        }
    }

    /// The entries that one sees, about one object or all, newest first.
    ///
    /// - Parameter before: the place of the last entry of the page before.
    public func entries(
        subject: String? = nil, limit: Int = 100, before: Int64? = nil, by principal: Principal
    ) async throws -> [AuditRecord] {
        try principal.require(.auditRead)
        return try await database.read {
            try AuditRepository($0).list(
                clinicID: principal.clinicID, subject: subject, limit: min(max(limit, 1), 1000), before: before)
        }
    }

    /// The whole trail holds the entries of all clinics: only who looks after the installation sees it.
    func require(_ principal: Principal) throws(CutisError) {
        try principal.require(.auditRead)
        guard principal.clinicID == nil else {
            throw CutisError(
                .forbidden, "The whole audit trail holds the entries of all clinics.",
                remedy: "Ask an auditor of the installation, or read the entries of your own clinic.")
        }
    }

    private static func disagreement(_ record: AuditRecord, _ anchors: [SignedHead]?) -> AuditFault? {
        guard let anchors, anchors.contains(where: { $0.hash != record.hash }) else { return nil }
        return AuditFault(
            .rewritten, at: record.sequence,
            "Entry \(record.sequence) is not the one whose signed end was kept apart.")
    }

    private static func ending(
        _ verifier: AuditVerifier, last: Int64, end: AuditHead, head: Result<SignedHead?, any Error>
    ) -> AuditFault? {
        if verifier.count < last {
            return AuditFault(
                .truncated, at: verifier.count + 1,
                "The trail ends after entry \(verifier.count), its end was signed at entry \(last).")
        }
        if case .failure(let error) = head {
            return AuditFault(.headInvalid, at: end.sequence, (error as? CutisError)?.message ?? "\(error)")
        }
        guard verifier.count == end.sequence, verifier.lastHash == end.hash else {
            return AuditFault(
                .rewritten, at: verifier.count,
                "The trail ends with another entry than the one whose end is signed (\(end.sequence)).")
        }
        return nil
    }

    /// Entries after the end that was read: appended since, or put there without a signature.
    private func beyond(
        _ end: AuditHead, _ record: AuditRecord, _ verifier: AuditVerifier
    ) async throws -> AuditVerification {
        let now = try await database.read { try AuditRepository($0).head() }
        let isNew = now.sequence > end.sequence
        return AuditVerification(
            count: verifier.count, lastHash: verifier.lastHash,
            fault: isNew && verifier.lastHash == end.hash
                ? nil
                : AuditFault(
                    .rewritten, at: record.sequence,
                    "Entry \(record.sequence) follows the signed end of the trail (\(end.sequence))."))
    }

    /// Tells entries that were moved or renumbered from ones whose content was changed.
    private func sharpen(
        _ fault: AuditFault, _ record: AuditRecord, lastHash: String, end: Int64
    ) async throws -> AuditFault {
        let place: Int64
        switch fault.kind {
        case .deleted: place = record.sequence
        case .edited:
            guard let original = AuditVerifier.originalPlace(of: record, among: end + 1) else { return fault }
            place = original
        default: return fault
        }
        let expected = fault.sequence
        // The entry that belongs here may stand further on.
        let moved = try await database.read { transaction in
            try transaction.query(
                "SELECT sequence FROM audit WHERE previous_hash = ? AND sequence > ?",
                [.text(lastHash), .integer(expected)]
            ).first?.integer("sequence")
        }
        if let moved, place != expected {
            return AuditFault(
                .reordered, at: expected, "Entry \(place) stands at place \(expected), whose entry stands at \(moved).")
        }
        return place == expected
            ? fault
            : AuditFault(.deleted, at: expected, "Entry \(place) follows entry \(expected - 1): some are missing.")
    }
}
