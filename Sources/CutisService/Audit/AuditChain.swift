import Crypto
import CutisCore
package import CutisStorage
import Foundation

/// How an entry of the audit trail is written down for its hash, and what its hash is.
///
/// Each field is one byte that says whether there is a value, the value's length as 8 bytes (big-endian) and its
/// bytes, so that no two entries are written alike. Numbers are decimal text, a threshold the 16 hexadecimal digits of
/// its IEEE-754 bits. The hash of an entry is SHA-256(hash before ‖ entry).
enum AuditChain {
    /// The hash before the first entry.
    static let origin = String(repeating: "0", count: 64)

    /// The hash of an entry from its content and the hash that it names as the one before.
    static func hash(of record: AuditRecord) -> String {
        hash(of: record, sequence: record.sequence, previousHash: record.previousHash)
    }

    /// The hash that the entry would have at another place.
    static func hash(of record: AuditRecord, sequence: Int64, previousHash: String) -> String {
        var bytes = Data()
        bytes.reserveCapacity(512)
        bytes.append(contentsOf: previousHash.utf8)
        append(String(sequence), to: &bytes)
        append(String(record.time), to: &bytes)
        append(record.actor, to: &bytes)
        append(record.clinicID, to: &bytes)
        append(record.action, to: &bytes)
        append(record.subject, to: &bytes)
        append(record.modelHash, to: &bytes)
        append(record.inputHash, to: &bytes)
        append(record.threshold.map { String($0.bitPattern, radix: 16) }, to: &bytes)
        append(record.outcome, to: &bytes)
        append(record.details, to: &bytes)
        return Hexadecimal.sha256(bytes)
    }

    private static func append(_ text: String?, to bytes: inout Data) {
        guard let text else { return bytes.append(0) }
        bytes.append(1)
        withUnsafeBytes(of: UInt64(text.utf8.count).bigEndian) { bytes.append(contentsOf: $0) }
        bytes.append(contentsOf: text.utf8)
    }
}

/// Checks a trail entry by entry, in its order; keeps two hashes and a number, however long the trail is.
package struct AuditVerifier: Sendable {
    /// How many entries were good so far.
    package private(set) var count: Int64 = 0
    /// The hash of the last good entry.
    package private(set) var lastHash = AuditChain.origin
    private var lastTime = Int64.min

    package init() {}

    /// Goes on after entries that were checked before.
    package init(after record: AuditRecord) {
        (count, lastHash, lastTime) = (record.sequence, record.hash, record.time)
    }

    /// Checks the next entry.
    ///
    /// - Returns: what is wrong with it, as far as the entry itself shows: an entry that is genuine but was made for
    ///   another place is `reordered` or `deleted`, which the rest of the trail decides (`originalPlace`).
    package mutating func check(_ record: AuditRecord) -> AuditFault? {
        let expected = count + 1
        let genuine = AuditChain.hash(of: record) == record.hash
        if record.sequence == expected, genuine, record.previousHash == lastHash {
            guard record.time >= lastTime else {
                return AuditFault(.rewritten, at: expected, "Entry \(expected) is older than the one before it.")
            }
            (count, lastHash, lastTime) = (expected, record.hash, record.time)
            return nil
        }
        if record.sequence > expected, genuine {
            let last = record.sequence - 1
            let which = last == expected ? "Entry \(expected) is" : "Entries \(expected) to \(last) are"
            return AuditFault(.deleted, at: expected, "\(which) missing.")
        }
        if record.sequence < expected {
            return AuditFault(.reordered, at: expected, "Entry \(record.sequence) stands again after entry \(count).")
        }
        if genuine {
            return AuditFault(
                .rewritten, at: expected, "Entry \(expected) was made after another entry than the one before it.")
        }
        return AuditFault(.edited, at: expected, "The content of entry \(record.sequence) does not fit its hash.")
    }

    /// The place for which an entry was made, where it is genuine there; its numbers may have been changed since.
    package static func originalPlace(of record: AuditRecord, among count: Int64) -> Int64? {
        guard count > 0 else { return nil }
        return (1...count).first {
            AuditChain.hash(of: record, sequence: $0, previousHash: record.previousHash) == record.hash
        }
    }
}
