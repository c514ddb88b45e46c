import CutisCore
import CutisService
import CutisStorage
import Foundation
import Testing

@Suite struct AuditTests {
    private static let unlock = ["DROP TRIGGER audit_refuses_update", "DROP TRIGGER audit_refuses_delete"]

    /// A trail of some entries, and whatever is done to it behind the service's back.
    private static func fault(
        entries: Int = 12, anchors: [SignedHead]? = nil, after statements: [String]
    ) async throws -> AuditFault? {
        let clinic = try await Clinic()
        for index in 0..<entries {
            try await clinic.audit.record(
                AuditEntry(
                    "test", subject: "s\(index)", by: clinic.admin, threshold: 0.5, details: ["n": .integer(index)]))
        }
        for statement in unlock + statements { try await clinic.tamper(statement) }
        return try await clinic.audit.verify(anchors: anchors ?? [], by: .system).fault
    }

    @Test func anUntouchedTrailHasNoFault() async throws {
        #expect(try await Self.fault(after: []) == nil)
    }

    @Test(arguments: [
        "occurred_at = occurred_at + 1", "actor = 'x'", "clinic_id = 'x'", "action = 'x'", "subject = 'x'",
        "model_hash = 'x'", "input_hash = 'x'", "threshold = 0.25", "threshold = NULL", "outcome = 'x'",
        "details = '{}'", "hash = 'x'", "previous_hash = 'x'",
    ])
    func anEditedFieldIsFound(_ change: String) async throws {
        let fault = try await Self.fault(after: ["UPDATE audit SET \(change) WHERE sequence = 20"])
        #expect(fault?.kind == .edited)
        #expect(fault?.sequence == 20)
    }

    @Test func aDeletedEntryIsFound() async throws {
        let fault = try await Self.fault(after: ["DELETE FROM audit WHERE sequence = 20"])
        #expect(fault?.kind == .deleted)
        #expect(fault?.sequence == 20)
    }

    @Test func aDeletedEntryWhoseGapWasClosedIsFound() async throws {
        let fault = try await Self.fault(after: [
            "DELETE FROM audit WHERE sequence = 20",
            "UPDATE audit SET sequence = -sequence WHERE sequence > 20",
            "UPDATE audit SET sequence = -sequence - 1 WHERE sequence < 0",
        ])
        #expect(fault?.kind == .deleted)
        #expect(fault?.sequence == 20)
    }

    @Test func reorderedEntriesAreFound() async throws {
        let fault = try await Self.fault(after: [
            "UPDATE audit SET sequence = -20 WHERE sequence = 20",
            "UPDATE audit SET sequence = 20 WHERE sequence = 21",
            "UPDATE audit SET sequence = 21 WHERE sequence = -20",
        ])
        #expect(fault?.kind == .reordered)
        #expect(fault?.sequence == 20)
    }

    @Test func aTruncatedTrailIsFound() async throws {
        let one = try await Self.fault(after: ["DELETE FROM audit WHERE sequence = (SELECT MAX(sequence) FROM audit)"])
        #expect(one?.kind == .truncated)
        let many = try await Self.fault(after: ["DELETE FROM audit WHERE sequence > 3"])
        #expect(many?.kind == .truncated)
        #expect(many?.sequence == 4)
        let all = try await Self.fault(after: ["DELETE FROM audit"])
        #expect(all?.kind == .truncated)
    }

    @Test func aTruncationWithANewHeadIsFound() async throws {
        let cut = [
            "DELETE FROM audit WHERE sequence > 10",
            "UPDATE audit_head SET sequence = 10, hash = (SELECT hash FROM audit WHERE sequence = 10)",
        ]
        #expect(try await Self.fault(after: cut)?.kind == .headInvalid)
        let unsigned = cut + ["DELETE FROM setting WHERE name = 'audit.head'"]
        #expect(try await Self.fault(after: unsigned)?.kind == .headInvalid)
    }

    @Test func aTrailThatIsBrokenTakesNoMore() async throws {
        let clinic = try await Clinic()
        try await clinic.tamper("UPDATE audit_head SET hash = 'x'")
        #expect(await code { try await clinic.analysis() } == .auditBroken)
        #expect(clinic.blobs.all.isEmpty)
    }

    @Test func aChangedSignedHeadIsRefusedUntilItIsPutBack() async throws {
        let clinic = try await Clinic()
        _ = try await clinic.analysis()
        let setting = try #require(try await clinic.database.read { try SettingRepository($0).find("audit.head") })
        // The place and the hash still fit; the clock does not fit the signature.
        let changed = setting.replacing("\"clock\":", with: "\"clock\":1")
        #expect(changed != setting)
        try await clinic.database.write { try SettingRepository($0).set("audit.head", to: changed) }
        for _ in 0..<2 { #expect(await code { try await clinic.analysis() } == .auditBroken) }
        try await clinic.database.write { try SettingRepository($0).set("audit.head", to: setting) }
        _ = try await clinic.analysis()
        #expect(try await clinic.audit.verify(by: .system).fault == nil)
    }

    @Test func anOldSignedHeadShowsATrailThatWasSetBack() async throws {
        let clinic = try await Clinic()
        let old = try await clinic.audit.signedHead(by: .system)
        let setting = try await clinic.database.read { try SettingRepository($0).find("audit.head") }
        for index in 0..<3 {
            try await clinic.audit.record(AuditEntry("test", subject: "\(index)", by: clinic.admin))
        }
        let kept = try await clinic.audit.signedHead(by: .system)
        // Someone who kept the old signed end puts everything back to it: only an end kept apart can tell.
        for statement in Self.unlock + ["DELETE FROM audit WHERE sequence > \(old.sequence)"] {
            try await clinic.tamper(statement)
        }
        try await clinic.tamper("UPDATE audit_head SET sequence = \(old.sequence), hash = '\(old.hash)'")
        try await clinic.database.write { try SettingRepository($0).set("audit.head", to: setting ?? "") }
        #expect(try await clinic.audit.verify(by: .system).fault == nil)
        let fault = try await clinic.audit.verify(anchors: [old, kept], by: .system).fault
        #expect(fault?.kind == .truncated)
        // Going on from there makes other entries at the same places.
        for index in 0..<4 {
            try await clinic.audit.record(AuditEntry("other", subject: "\(index)", by: clinic.admin))
        }
        #expect(try await clinic.audit.verify(anchors: [old, kept], by: .system).fault?.kind == .rewritten)
        var forged = kept
        forged.sequence += 1
        #expect(try await clinic.audit.verify(anchors: [forged], by: .system).fault?.kind == .headInvalid)
    }

    @Test func headsAreKeptInFiles() async throws {
        let clinic = try await Clinic()
        let file = try await clinic.audit.writeHead(to: clinic.folder, by: .system)
        #expect(FileManager.default.fileExists(atPath: file.path))
        _ = try await clinic.analysis()
        _ = try await clinic.audit.writeHead(to: clinic.folder, by: .system)
        let heads = try AuditService.heads(in: clinic.folder)
        #expect(heads.count == 2)
        #expect(try await clinic.audit.verify(anchors: heads, by: .system).fault == nil)
    }

    @Test func timesNeverGoBackAndAJumpIsOnRecord() async throws {
        let clinic = try await Clinic()
        try await clinic.audit.record(AuditEntry("test", subject: "a", by: clinic.admin))
        let before = clinic.clock.now
        clinic.clock.advance(-3_600_000)
        try await clinic.audit.record(AuditEntry("test", subject: "b", by: clinic.admin))
        clinic.clock.advance(500)
        try await clinic.audit.record(AuditEntry("test", subject: "c", by: clinic.admin))
        clinic.clock.advance(-800)
        try await clinic.audit.record(AuditEntry("test", subject: "d", by: clinic.admin))
        clinic.clock.advance(3_700_000)
        try await clinic.audit.record(AuditEntry("test", subject: "e", by: clinic.admin))
        let entries = try await clinic.audit.entries(limit: 6, by: clinic.admin).reversed().map { $0 }
        #expect(entries.map(\.action) == ["test", "clock.backwards", "test", "test", "test", "test"])
        #expect(entries[1].details == #"{"milliseconds":3600000}"#)
        #expect(entries[0...4].allSatisfy { $0.time == before })
        #expect(entries[5].time == clinic.clock.now)
        #expect(try await clinic.audit.verify(by: .system).fault == nil)
    }

    @Test func anEntryOfAFailedTransactionDoesNotExist() async throws {
        let clinic = try await Clinic()
        let before = try await clinic.audit.signedHead(by: .system)
        clinic.database.fail(.atCommit)
        _ = await code { try await clinic.audit.record(AuditEntry("test", subject: "x", by: clinic.admin)) }
        clinic.database.fail(.none)
        #expect(try await clinic.audit.signedHead(by: .system) == before)
    }

    @Test func onlyAuditorsOfTheInstallationSeeTheWholeTrail() async throws {
        let clinic = try await Clinic()
        _ = try await clinic.analysis()
        _ = try await clinic.analysis(by: clinic.user(.clinician, "south"))
        for user in [clinic.user(.auditor), clinic.user(.clinician), clinic.user(.engineer)] {
            #expect(await code { try await clinic.audit.verify(by: user) } == .forbidden)
            #expect(await code { try await clinic.audit.export(by: user) } == .forbidden)
            #expect(await code { try await clinic.audit.signedHead(by: user) } == .forbidden)
        }
        #expect(await code { try await clinic.audit.entries(by: clinic.user(.clinician)) } == .forbidden)
        let own = try await clinic.audit.entries(by: clinic.user(.auditor, "south"))
        #expect(own.contains { $0.action == "analysis.create" })
        #expect(own.allSatisfy { $0.clinicID == clinic.user(.auditor, "south").clinicID })
    }
}
