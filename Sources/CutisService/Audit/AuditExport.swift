import CutisCore
package import CutisStorage
public import Foundation

/// The audit trail as lines of JSON: one entry a line in order, with all that its hash is made of, and as the last line
/// the signed end. Whoever has the public key can check such a file without the service (docs/operations.md).
public enum AuditExport {
    /// One entry's line; keys and their order are fixed, so that a line has one form only.
    static func line(_ record: AuditRecord) -> String {
        OrderedJSON.object([
            "sequence": .integer(Int(record.sequence)), "time": .integer(Int(record.time)),
            "actor": .string(record.actor), "clinic_id": .optional(record.clinicID), "action": .string(record.action),
            "subject": .string(record.subject), "model_hash": .optional(record.modelHash),
            "input_hash": .optional(record.inputHash),
            "threshold": record.threshold.map { .string(String($0.bitPattern, radix: 16)) } ?? .null,
            "outcome": .string(record.outcome), "details": .string(record.details),
            "previous_hash": .string(record.previousHash), "hash": .string(record.hash),
        ]).text(pretty: false)
    }

    /// An entry as a line holds it.
    private struct Line: Decodable {
        var sequence: Int64
        var time: Int64
        var actor: String
        var clinicID: String?
        var action: String
        var subject: String
        var modelHash: String?
        var inputHash: String?
        var threshold: String?
        var outcome: String
        var details: String
        var previousHash: String
        var hash: String

        enum CodingKeys: String, CodingKey {
            case sequence, time, actor, action, subject, threshold, outcome, details, hash
            case clinicID = "clinic_id"
            case modelHash = "model_hash"
            case inputHash = "input_hash"
            case previousHash = "previous_hash"
        }
    }

    /// Reads a line; nil where it is not exactly what `line` writes.
    package static func record(_ text: some StringProtocol) -> AuditRecord? {
        guard let line = try? JSONDecoder().decode(Line.self, from: Data(text.utf8)) else { return nil }
        var threshold: Double?
        if let digits = line.threshold {
            guard let bits = UInt64(digits, radix: 16) else { return nil }
            threshold = Double(bitPattern: bits)
        }
        let record = AuditRecord(
            sequence: line.sequence, time: line.time, actor: line.actor, clinicID: line.clinicID, action: line.action,
            subject: line.subject, modelHash: line.modelHash, inputHash: line.inputHash, threshold: threshold,
            outcome: line.outcome, details: line.details, previousHash: line.previousHash, hash: line.hash)
        return Self.line(record).utf8.elementsEqual(text.utf8) ? record : nil
    }

    /// Checks an export without the service: every line, every link and the signed end.
    ///
    /// - Parameters:
    ///   - lines: the lines of the file without their line breaks, in order.
    ///   - publicKey: the installation's key for heads in hexadecimal, got by another way than the file; nil trusts the
    ///     one that the file names, which shows damage but no forgery.
    public static func verify<Lines: Sequence>(
        _ lines: Lines, publicKey: String? = nil
    ) -> AuditVerification where Lines.Element: StringProtocol {
        var verifier = ExportVerifier(publicKey: publicKey)
        for line in lines where !verifier.isDone { verifier.take(line) }
        return verifier.finish()
    }
}

/// Checks an export line by line.
package struct ExportVerifier: Sendable {
    private let publicKey: String?
    private var chain = AuditVerifier()
    private var head: SignedHead?
    private var fault: AuditFault?

    /// - Parameter after: the last entry of those that were checked before; nil to begin with the first.
    package init(publicKey: String?, after record: AuditRecord? = nil) {
        self.publicKey = publicKey
        if let record { chain = AuditVerifier(after: record) }
    }

    /// Whether a fault was found, so that nothing more needs to be read.
    package var isDone: Bool { fault != nil }

    /// Takes the next line.
    package mutating func take(_ line: some StringProtocol) {
        guard fault == nil else { return }
        let place = chain.count + 1
        if head != nil {
            fault = AuditFault(.rewritten, at: place, "Lines follow the signed end of the trail.")
        } else if let record = AuditExport.record(line) {
            fault = chain.check(record)
        } else if let end = SignedHead(String(line)), (try? end.text()) == String(line) {
            head = end
            fault = faultOf(end)
        } else {
            fault = AuditFault(.unreadable, at: place, "The line of entry \(place) cannot be read.")
        }
    }

    /// What the whole file is worth.
    package func finish() -> AuditVerification {
        var fault = fault
        if fault == nil, head == nil {
            fault = AuditFault(
                .truncated, at: chain.count + 1, "The file ends after entry \(chain.count) without a signed end.")
        }
        return AuditVerification(count: chain.count, lastHash: chain.lastHash, fault: fault)
    }

    private func faultOf(_ end: SignedHead) -> AuditFault? {
        guard end.isGenuine, publicKey.map({ $0 == end.key }) ?? true else {
            return AuditFault(.headInvalid, at: end.sequence, "The end of the trail is not signed by its installation.")
        }
        if end.sequence > chain.count {
            return AuditFault(
                .truncated, at: chain.count + 1,
                "The trail ends after entry \(chain.count), its end was signed at entry \(end.sequence).")
        }
        guard end.sequence == chain.count, end.hash == chain.lastHash else {
            return AuditFault(.rewritten, at: chain.count, "The trail ends with another entry than its signed end.")
        }
        return nil
    }
}

extension AuditService {
    private static let exportPage = 500

    /// The whole trail in the form of `AuditExport`, up to its end at the time of the call, page by page; the export
    /// itself is on record as the last entry.
    ///
    /// - Throws: `CutisError`: `.forbidden`, `.auditBroken` where the signed end is not right.
    public func export(by principal: Principal) async throws -> AsyncThrowingStream<Data, any Error> {
        try require(principal)
        try await record(AuditEntry("audit.export", subject: "-", by: principal))
        let head = try await signedHead(by: principal)
        let position = ExportPosition(head)
        return AsyncThrowingStream { [database] in try await position.next(database) }
    }

    /// Where an export is; a stream asks it for one piece after the other.
    private actor ExportPosition {
        private let head: SignedHead
        private var after: Int64 = 0
        private var hasEnded = false

        init(_ head: SignedHead) {
            self.head = head
        }

        func next(_ database: any Database) async throws -> Data? {
            guard !hasEnded else { return nil }
            let place = after
            let records = try await database.read {
                try AuditRepository($0).chain(after: place, limit: AuditService.exportPage)
            }.filter { $0.sequence <= head.sequence }
            guard let last = records.last else {
                hasEnded = true
                return Data((try head.text() + "\n").utf8)
            }
            after = last.sequence
            return Data((records.map(AuditExport.line).joined(separator: "\n") + "\n").utf8)
        }
    }
}
