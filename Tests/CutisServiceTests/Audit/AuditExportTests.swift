import CutisCore
import CutisService
import CutisStorage
import Foundation
import Testing

@Suite struct AuditExportTests {
    /// The lines of a trail's export.
    private static func export(entries: Int) async throws -> (lines: [String], publicKey: String) {
        let clinic = try await Clinic()
        try await clinic.database.write { transaction in
            for index in 0..<entries {
                try clinic.audit.append(
                    AuditEntry(
                        "analysis.create", subject: "subject \(index)", by: clinic.user(.clinician),
                        modelHash: index.isMultiple(of: 3) ? nil : "m", threshold: index.isMultiple(of: 2) ? 0.1 : nil,
                        details: ["text": .string("ä \"quoted\"\n\(index)")]),
                    in: transaction)
            }
        }
        var text = Data()
        for try await piece in try await clinic.audit.export(by: .system) { text += piece }
        let lines = String(decoding: text, as: UTF8.self).split(separator: "\n").map(String.init)
        return (lines, clinic.audit.publicKey)
    }

    @Test func anExportIsCheckedWithoutTheService() async throws {
        let (lines, key) = try await Self.export(entries: 1200)
        let found = AuditExport.verify(lines, publicKey: key)
        #expect(found.fault == nil)
        #expect(Int(found.count) == lines.count - 1)
        #expect(AuditExport.verify(lines.dropLast(), publicKey: key).fault?.kind == .truncated)
        #expect(AuditExport.verify(lines.dropLast(2) + lines.suffix(1), publicKey: key).fault?.kind == .truncated)
        #expect(AuditExport.verify(lines.dropFirst(), publicKey: key).fault?.kind == .deleted)
        #expect(AuditExport.verify(lines + lines.prefix(1), publicKey: key).fault?.kind == .rewritten)
        #expect(AuditExport.verify(lines, publicKey: String(repeating: "0", count: 64)).fault?.kind == .headInvalid)
        var swapped = lines
        swapped.swapAt(500, 501)
        #expect(AuditExport.verify(swapped, publicKey: key).fault?.sequence == 501)
        #expect(AuditExport.verify([String](), publicKey: key).fault?.kind == .truncated)
    }

    /// One bit of each byte of a trail of 1,000 entries changed: each change is found at its entry or the next.
    ///
    /// Half a million lines are read for that, so that a plain run takes the bytes of each tenth entry;
    /// `CUTIS_ALL_AUDIT_BYTES=1` takes all.
    @Test func everyFlippedByteIsFound() async throws {
        let (lines, key) = try await Self.export(entries: 1000)
        let records = try lines.dropLast().map { try #require(AuditExport.record($0)) }
        let step = ProcessInfo.processInfo.environment["CUTIS_ALL_AUDIT_BYTES"] == "1" ? 1 : 10
        let missed = await withTaskGroup(of: (tried: Int, missed: [String]).self) { group in
            for part in 0..<2 {
                group.addTask {
                    var (tried, missed) = (0, [String]())
                    for place in stride(from: part * step, to: lines.count, by: 2 * step) {
                        await Task.yield()
                        var bytes = Array(lines[place].utf8)
                        for index in bytes.indices {
                            let bit = UInt8(1) << UInt8((index + place) % 8)
                            bytes[index] ^= bit
                            // Entries before the change were checked; the state goes on from there.
                            var verifier = ExportVerifier(
                                publicKey: key, after: place == 0 ? nil : records[min(place, records.count) - 1])
                            verifier.take(String(decoding: bytes, as: UTF8.self))
                            if !verifier.isDone, place + 1 < lines.count { verifier.take(lines[place + 1]) }
                            if !verifier.isDone { missed.append("\(place):\(index)") }
                            bytes[index] ^= bit
                            tried += 1
                        }
                    }
                    return (tried, missed)
                }
            }
            return await group.reduce(into: (tried: 0, missed: [String]())) {
                $0.tried += $1.tried
                $0.missed += $1.missed
            }
        }
        let wanted = stride(from: 0, to: lines.count, by: step).reduce(0) { $0 + lines[$1].utf8.count }
        #expect(missed.tried == wanted)
        #expect(missed.tried > 400_000 / step)
        #expect(missed.missed.isEmpty, "\(missed.missed.prefix(5))")
    }

    /// Every field of each of 1,000 entries in the database's form.
    @Test func everyChangedFieldIsFound() async throws {
        let (lines, _) = try await Self.export(entries: 1000)
        let records = try lines.dropLast().map { try #require(AuditExport.record($0)) }
        let changes: [@Sendable (inout AuditRecord) -> Void] = [
            { $0.sequence += 1 }, { $0.time -= 1 }, { $0.actor += " " },
            { $0.clinicID = $0.clinicID == nil ? "" : nil },
            { $0.action = "analysis.creat" }, { $0.subject += "x" },
            { $0.modelHash = $0.modelHash == nil ? "" : nil }, { $0.inputHash = $0.inputHash == nil ? "" : nil },
            { $0.threshold = $0.threshold.map { $0.nextUp } ?? 0 }, { $0.outcome = "" }, { $0.details += " " },
            { $0.previousHash = String($0.previousHash.reversed()) }, { $0.hash = String($0.hash.reversed()) },
            // A boundary between two fields that is moved makes another entry.
            { ($0.action, $0.subject) = ($0.action + String($0.subject.prefix(1)), String($0.subject.dropFirst())) },
        ]
        var missed = 0
        for (place, record) in records.enumerated() {
            for change in changes {
                var changed = record
                change(&changed)
                // The hash before the first entry is zeros in either direction.
                if changed == record { continue }
                var verifier = place == 0 ? AuditVerifier() : AuditVerifier(after: records[place - 1])
                if verifier.check(changed) == nil { missed += 1 }
            }
        }
        #expect(missed == 0)
        #expect(records.count > 1000)
    }
}
