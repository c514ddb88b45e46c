import CutisCore
import CutisService
import CutisStorage
import Foundation
import Testing

@Suite struct RetentionTests {
    /// How many rows there are of what can hold something of a patient.
    private static func rows(_ clinic: Clinic) async throws -> [Int64] {
        var counts: [Int64] = []
        for table in ["patient", "visit", "analysis", "image", "feedback"] {
            counts.append(try await clinic.number("SELECT COUNT(*) AS n FROM \(table)"))
        }
        return counts
    }

    @Test func aDeletedAnalysisIsGone() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let visit = try await clinic.analyses.visit(Clinic.request("nv=1", "mel=1"), by: clinician)
        let (gone, kept) = (visit.analyses[0].record.id, visit.analyses[1].record.id)
        _ = try await clinic.feedback.add(.correction, to: gone, label: "mel", note: "secret", by: clinician)
        guard
            case .fresh(let claim) = try await clinic.idempotency.begin(
                user: clinician.userID, key: "f", requestHash: "a"),
            case .fresh(let other) = try await clinic.idempotency.begin(
                user: clinician.userID, key: "g", requestHash: "a")
        else { return }
        try await clinic.idempotency.finish(claim, status: 201, body: Data("{\"analysis\":\"\(gone)\"}".utf8))
        try await clinic.idempotency.finish(other, status: 201, body: Data("{\"analysis\":\"\(kept)\"}".utf8))
        try await clinic.retention.deleteAnalysis(gone, by: clinic.admin)
        #expect(await code { try await clinic.analyses.find(gone, by: clinician) } == .notFound)
        #expect(await code { try await clinic.analyses.find(kept, by: clinician) } == nil)
        #expect(try await Self.rows(clinic) == [1, 1, 1, 1, 0])
        #expect(clinic.blobs.all.count == 1)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM idempotency") == 1)
        let stones = try await clinic.retention.tombstones(by: clinic.admin)
        #expect(stones.map(\.id) == [gone])
        let entry = try #require(try await clinic.audit.entries(subject: gone, by: clinic.admin).first)
        #expect(entry.action == "data.delete")
        #expect(!entry.details.contains("secret"))
        #expect(await code { try await clinic.retention.deleteAnalysis(gone, by: clinic.admin) } == .notFound)
        #expect(try await clinic.audit.verify(by: .system).fault == nil)
        // The other lesion takes the visit with it.
        try await clinic.retention.deleteAnalysis(kept, by: clinic.admin)
        #expect(try await Self.rows(clinic) == [1, 0, 0, 0, 0])
    }

    @Test func aDeletedPatientIsGoneFromTheFilesToo() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let mark = "a-note-that-must-vanish"
        let visit = try await clinic.analyses.visit(Clinic.request("nv=1", "mel=1"), by: clinician)
        _ = try await clinic.feedback.add(
            .confirmation, to: visit.analyses[0].record.id, note: mark, by: clinician)
        _ = try await clinic.analysis("nv=1", patient: "P-2")
        try await clinic.retention.deletePatient(visit.visit.patientID, reason: "consent-withdrawn", by: clinic.admin)
        #expect(try await Self.rows(clinic) == [1, 0, 1, 1, 0])
        #expect(clinic.blobs.all.count == 1)
        #expect(await code { try await clinic.analyses.patient(identifier: "P-1", by: clinician) } == .notFound)
        for name in try FileManager.default.contentsOfDirectory(atPath: clinic.folder.path) {
            let data = try Data(contentsOf: clinic.folder.appendingPathComponent(name))
            #expect(data.range(of: Data(mark.utf8)) == nil, "\(name)")
        }
    }

    @Test func onlyAdministratorsDeleteAndOnlyTheirOwn() async throws {
        let clinic = try await Clinic()
        let record = try await clinic.analysis().record
        for role in Role.allCases where role != .admin {
            let user = clinic.user(role)
            #expect(await code { try await clinic.retention.deleteAnalysis(record.id, by: user) } == .forbidden)
            #expect(await code { try await clinic.retention.deletePatient(record.patientID, by: user) } == .forbidden)
            #expect(await code { try await clinic.retention.sweep(by: user) } == .forbidden)
            #expect(await code { try await clinic.retention.replay(by: user) } == .forbidden)
            #expect(await code { try await clinic.retention.tombstones(by: user) } == .forbidden)
        }
        let stranger = clinic.user(.admin, "south")
        #expect(await code { try await clinic.retention.deleteAnalysis(record.id, by: stranger) } == .notFound)
        #expect(await code { try await clinic.retention.deletePatient(record.patientID, by: stranger) } == .notFound)
        #expect(await code { try await clinic.retention.sweep(by: stranger) } == .forbidden)
        #expect(
            await code { try await clinic.retention.deleteAnalysis(record.id, reason: "Mr. X", by: clinic.admin) }
                == .requestInvalid)
        #expect(await code { try await clinic.retention.deleteAnalysis(record.id, by: clinic.user(.admin)) } == nil)
    }

    @Test func whatIsTooOldIsSwept() async throws {
        let day: Int64 = 24 * 3_600_000
        let clinic = try await Clinic(retention: RetentionPolicy(analysisMilliseconds: 30 * day))
        for index in 0..<130 { _ = try await clinic.analysis("nv=1", patient: "P-\(index % 3)") }
        clinic.clock.advance(20 * day)
        let young = try await clinic.analysis("nv=1", patient: "P-1").record.id
        #expect(try await clinic.retention.sweep() == SweepReport())
        clinic.clock.advance(11 * day)
        let report = try await clinic.retention.sweep()
        #expect(report.analyses == 130)
        #expect(report.patients == 2)
        #expect(try await Self.rows(clinic) == [1, 0, 1, 1, 0])
        #expect(await code { try await clinic.analyses.find(young, by: clinic.user(.clinician)) } == nil)
        #expect(clinic.blobs.all.count == 1)
        #expect(try await clinic.audit.verify(by: .system).fault == nil)
    }

    @Test func blobsWithoutARowAreSweptOnceTheyAreOld() async throws {
        let clinic = try await Clinic()
        _ = try await clinic.analysis()
        let lost = "images/x/\(Identifier.make(milliseconds: clinic.clock.now))"
        try await clinic.blobs.put(lost, Data("x".utf8))
        #expect(try await clinic.retention.sweep().orphans == 0)
        clinic.clock.advance(3_600_001)
        #expect(try await clinic.retention.sweep().orphans == 1)
        #expect(clinic.blobs.all.count == 1)
        #expect(clinic.blobs.all[lost] == nil)
    }

    @Test func aBlobThatWouldNotGoIsSweptLater() async throws {
        let clinic = try await Clinic()
        let id = try await clinic.analysis().record.id
        clinic.blobs.failDeletes(true)
        #expect(await code { try await clinic.retention.deleteAnalysis(id, by: clinic.admin) } == .noSpaceLeft)
        #expect(try await Self.rows(clinic)[2] == 0)
        clinic.clock.advance(3_600_001)
        #expect(try await clinic.retention.sweep().failures == 1)
        clinic.blobs.failDeletes(false)
        #expect(try await clinic.retention.sweep().orphans == 1)
        #expect(clinic.blobs.all.isEmpty)
    }

    @Test func whatABackupBringsBackIsDeletedAgain() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let first = try await clinic.analysis("nv=1", patient: "P-1")
        let second = try await clinic.analysis("nv=1", patient: "P-2")
        _ = try await clinic.analysis("nv=1", patient: "P-3")
        let blobs = clinic.blobs.all
        try await clinic.retention.deleteAnalysis(first.record.id, by: clinic.admin)
        try await clinic.retention.deletePatient(second.record.patientID, by: clinic.admin)
        let stones = try await clinic.retention.tombstones(by: clinic.admin)
        #expect(stones.count == 3)
        // The rows and blobs of before come back.
        try await clinic.database.write { transaction in
            try transaction.execute("DELETE FROM tombstone", [])
            _ = try PatientRepository(transaction).findOrInsert(
                PatientRecord(
                    id: second.record.patientID, clinicID: second.record.clinicID, pseudonym: "back", createdAt: 1))
            for analysis in [first, second] {
                try AnalysisRepository(transaction).insert(analysis.record)
                for image in analysis.images { try ImageRepository(transaction).insert(image) }
            }
        }
        for (key, data) in blobs { try await clinic.blobs.put(key, data) }
        #expect(try await clinic.retention.replay(by: .system) == 0)
        #expect(try await clinic.retention.replay(stones, by: .system) == 2)
        #expect(await code { try await clinic.analyses.find(first.record.id, by: clinician) } == .notFound)
        #expect(await code { try await clinic.analyses.find(second.record.id, by: clinician) } == .notFound)
        #expect(clinic.blobs.all.count == 1)
        #expect(try await clinic.retention.replay(stones, by: .system) == 0)
        #expect(try await clinic.retention.tombstones(by: clinic.admin).count == 3)
    }
}
