import CutisCore
import CutisMonitoring
import CutisService
import CutisStorage
import Foundation
import Testing

@Suite struct AccessTrailTests {
    /// Who has seen what of one subject, oldest first.
    private static func sights(_ subject: String, _ clinic: Clinic) async throws -> [String] {
        let entries = try await clinic.audit.entries(subject: subject, by: clinic.admin)
        return entries.reversed().filter { $0.action.hasSuffix(".read") }.map { "\($0.action) \($0.actor)" }
    }

    @Test func whoHasSeenWhatIsOnRecordOnce() async throws {
        let clinic = try await Clinic()
        let (clinician, reviewer) = (clinic.user(.clinician), clinic.user(.reviewer))
        let analysis = try await clinic.analysis()
        let (id, patient) = (analysis.record.id, analysis.record.patientID)
        #expect(try await Self.sights(id, clinic).isEmpty)
        for _ in 0..<3 { _ = try await clinic.analyses.find(id, by: clinician) }
        _ = try await clinic.analyses.image(of: id, by: clinician)
        _ = try await clinic.analyses.find(id, by: reviewer)
        #expect(
            try await Self.sights(id, clinic)
                == ["analysis.read \(clinician.userID)", "analysis.read \(reviewer.userID)"])
        _ = try await clinic.analyses.patient(identifier: "P-1", by: clinician)
        _ = try await clinic.analyses.history(patientID: patient, by: clinician)
        #expect(try await Self.sights(patient, clinic) == ["patient.read \(clinician.userID)"])
        _ = try await clinic.analyses.list(by: reviewer)
        #expect(try await Self.sights("-", clinic) == ["analysis.read \(reviewer.userID)"])
        #expect(try await clinic.audit.verify(by: .system).fault == nil)
    }

    @Test func whatIsNotSeenIsNotOnRecord() async throws {
        let clinic = try await Clinic()
        let id = try await clinic.analysis().record.id
        #expect(await code { try await clinic.analyses.find(id, by: clinic.user(.clinician, "south")) } == .notFound)
        #expect(await code { try await clinic.analyses.find(id, by: clinic.user(.engineer)) } == .forbidden)
        #expect(try await Self.sights(id, clinic).isEmpty)
    }

    @Test func aFullStoreHidesNoHistory() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let id = try await clinic.analysis().record.id
        clinic.database.fail(.atCommit)
        #expect(try await clinic.analyses.find(id, by: clinician).record.id == id)
        #expect(clinic.metrics.registry.exposition(.prometheus).contains("cutis_unrecorded_reads_total 1"))
        clinic.database.fail(.none)
        _ = try await clinic.analyses.find(id, by: clinician)
        #expect(try await Self.sights(id, clinic).count == 1)
        try await clinic.tamper("DELETE FROM setting WHERE name = 'audit.head'")
        #expect(await code { try await clinic.analyses.find(id, by: clinic.user(.reviewer)) } == .auditBroken)
    }
}
