import CutisCore
import CutisService
import CutisStorage
import Foundation
import Testing

/// Whatever asks for something of another clinic is told that it does not exist.
@Suite struct AnalysisTenancyTests {
    @Test func anotherClinicSeesNothing() async throws {
        let clinic = try await Clinic()
        let visit = try await clinic.analyses.visit(Clinic.request("nv=1"), by: clinic.user(.clinician))
        let record = visit.analyses[0].record
        let service = clinic.analyses
        for stranger in [
            clinic.user(.clinician, "south"), clinic.user(.reviewer, "south"), clinic.user(.admin, "south"),
        ] {
            #expect(await code { try await service.find(record.id, by: stranger) } == .notFound)
            #expect(await code { try await service.image(of: record.id, by: stranger) } == .notFound)
            #expect(await code { try await service.explanation(of: record.id, by: stranger) } == .notFound)
            #expect(await code { try await service.visit(visit.visit.id, by: stranger) } == .notFound)
            #expect(await code { try await service.patient(record.patientID, by: stranger) } == .notFound)
            #expect(await code { try await service.patient(identifier: "P-1", by: stranger) } == .notFound)
            #expect(await code { try await service.history(patientID: record.patientID, by: stranger) } == .notFound)
            #expect(try await service.list(by: stranger).analyses.isEmpty)
            let named = AnalysisQuery(clinic: "north")
            #expect(await code { try await service.list(named, by: stranger) } == .notFound)
        }
        #expect(await code { try await service.sign(record.id, by: clinic.user(.clinician, "south")) } == .notFound)
        var request = Clinic.request("nv=1")
        request.clinic = "north"
        let sent = request
        #expect(await code { try await service.analyze(sent, by: clinic.user(.clinician, "south")) } == .notFound)
        // It does exist.
        #expect(await code { try await service.find(record.id, by: clinic.user(.clinician)) } == nil)
        #expect(await code { try await service.find(record.id, by: clinic.admin) } == nil)
    }

    @Test func anAdministratorOfTheInstallationNamesTheClinic() async throws {
        let clinic = try await Clinic()
        var request = Clinic.request("nv=1")
        let unnamed = request
        #expect(await code { try await clinic.analyses.analyze(unnamed, by: clinic.admin) } == .requestInvalid)
        request.clinic = "south"
        let named = request
        let analysis = try await clinic.analyses.analyze(named, by: clinic.admin)
        #expect(analysis.record.clinicID == clinic.user(.clinician, "south").clinicID)
    }

    @Test func aDeviceSeesItsOwnOnly() async throws {
        let clinic = try await Clinic()
        let device = clinic.user(.device)
        let own = try await clinic.analysis(by: device).record.id
        let other = try await clinic.analysis().record.id
        #expect(await code { try await clinic.analyses.find(own, by: device) } == nil)
        #expect(await code { try await clinic.analyses.find(other, by: device) } == .notFound)
        #expect(await code { try await clinic.analyses.list(by: device) } == .forbidden)
        #expect(await code { try await clinic.analyses.sign(own, by: device) } == .forbidden)
    }

    @Test(arguments: [Role.engineer, .auditor])
    func rolesWithoutPatientsSeeNone(_ role: Role) async throws {
        let clinic = try await Clinic()
        let record = try await clinic.analysis().record
        let user = clinic.user(role)
        let service = clinic.analyses
        #expect(await code { try await service.analyze(Clinic.request("nv=1"), by: user) } == .forbidden)
        #expect(await code { try await service.visit(Clinic.request("nv=1"), by: user) } == .forbidden)
        #expect(await code { try await service.screen(Clinic.request("nv=1"), by: user) } == .forbidden)
        #expect(await code { try await service.find(record.id, by: user) } == .forbidden)
        #expect(await code { try await service.image(of: record.id, by: user) } == .forbidden)
        #expect(await code { try await service.explanation(of: record.id, by: user) } == .forbidden)
        #expect(await code { try await service.list(by: user) } == .forbidden)
        #expect(await code { try await service.patient(record.patientID, by: user) } == .forbidden)
        #expect(await code { try await service.patient(identifier: "P-1", by: user) } == .forbidden)
        #expect(await code { try await service.sign(record.id, by: user) } == .forbidden)
    }

    @Test(arguments: ["", "../etc", "00000000-0000-0000-0000-00000000000G", String(repeating: "a", count: 5000)])
    func whatIsNoIdentifierDoesNotExist(_ id: String) async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        #expect(await code { try await clinic.analyses.find(id, by: clinician) } == .notFound)
        #expect(await code { try await clinic.analyses.visit(id, by: clinician) } == .notFound)
        #expect(await code { try await clinic.analyses.patient(id, by: clinician) } == .notFound)
        #expect(await code { try await clinic.accounts.revokeKey(id, by: clinic.admin) } == .notFound)
        #expect(await code { try await clinic.retention.deleteAnalysis(id, by: clinic.admin) } == .notFound)
    }
}
