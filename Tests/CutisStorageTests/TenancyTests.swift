import CutisCore
import CutisStorage
import Testing

/// No reading or changing call reaches another clinic's rows, and no row can join two clinics.
@Suite struct TenancyTests {
    private static func withTwoClinics(
        _ backend: DatabaseBackend,
        _ body: @escaping @Sendable (any Transaction, _ mine: SampleClinic, _ theirs: SampleClinic) throws -> Void
    ) async throws {
        try await backend.with { database in
            let mine = try await SampleClinic("north", in: database)
            let theirs = try await SampleClinic("south", in: database)
            try await database.write { try body($0, mine, theirs) }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func accountsStayInTheirClinic(_ backend: DatabaseBackend) async throws {
        try await Self.withTwoClinics(backend) { transaction, mine, theirs throws in
            let tenant = mine.clinic.id
            let clinics = ClinicRepository(transaction)
            #expect(try clinics.find(theirs.clinic.id, clinicID: tenant) == nil)
            #expect(try clinics.find(name: "south", clinicID: tenant) == nil)
            #expect(try clinics.find(name: "north", clinicID: tenant) == mine.clinic)
            #expect(try clinics.list(clinicID: tenant, limit: 10) == [mine.clinic])
            let users = UserRepository(transaction)
            let admin = Samples.user(nil, role: .admin)
            try users.insert(admin)
            #expect(try users.find(theirs.user.id, clinicID: tenant) == nil)
            #expect(try users.find(admin.id, clinicID: tenant) == nil)
            #expect(try users.find(mine.user.id, clinicID: tenant) == mine.user)
            #expect(try users.list(clinicID: tenant, limit: 10) == [mine.user])
            #expect(try !users.setDisabled(theirs.user.id, clinicID: tenant, at: 5))
            #expect(try users.find(theirs.user.id, clinicID: nil)?.disabledAt == nil)
            let keys = APIKeyRepository(transaction)
            #expect(try keys.find(theirs.key.id, clinicID: tenant) == nil)
            #expect(try keys.find(mine.key.id, clinicID: tenant) == mine.key)
            #expect(try keys.list(clinicID: tenant, limit: 10) == [mine.key])
            #expect(try keys.list(clinicID: tenant, userID: theirs.user.id, limit: 10) == [])
            #expect(try !keys.revoke(theirs.key.id, clinicID: tenant, at: 5))
            #expect(try keys.find(theirs.key.id, clinicID: nil)?.revokedAt == nil)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func patientsAndVisitsStayInTheirClinic(_ backend: DatabaseBackend) async throws {
        try await Self.withTwoClinics(backend) { transaction, mine, theirs throws in
            let tenant = mine.clinic.id
            let patients = PatientRepository(transaction)
            #expect(try patients.find(theirs.patient.id, clinicID: tenant) == nil)
            #expect(try patients.find(pseudonym: theirs.patient.pseudonym, clinicID: tenant) == nil)
            #expect(try patients.list(clinicID: tenant, limit: 10) == [mine.patient])
            #expect(try !patients.delete(theirs.patient.id, clinicID: tenant))
            var twin = Samples.patient(tenant)
            twin.pseudonym = theirs.patient.pseudonym
            #expect(try patients.findOrInsert(twin) == twin)
            let visits = VisitRepository(transaction)
            #expect(try visits.find(theirs.visit.id, clinicID: tenant) == nil)
            #expect(try visits.list(clinicID: tenant, limit: 10) == [mine.visit])
            #expect(try visits.list(clinicID: tenant, patientID: theirs.patient.id, limit: 10) == [])
            #expect(try !visits.delete(theirs.visit.id, clinicID: tenant))
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func analysesStayInTheirClinic(_ backend: DatabaseBackend) async throws {
        try await Self.withTwoClinics(backend) { transaction, mine, theirs throws in
            let tenant = mine.clinic.id
            let analyses = AnalysisRepository(transaction)
            #expect(try analyses.find(theirs.analysis.id, clinicID: tenant) == nil)
            #expect(try analyses.list(clinicID: tenant, limit: 10) == [mine.analysis])
            #expect(try analyses.list(clinicID: tenant, patientID: theirs.patient.id, limit: 10) == [])
            #expect(try analyses.list(visitID: theirs.visit.id, clinicID: tenant) == [])
            #expect(try analyses.listFlagged(clinicID: tenant, limit: 10) == [mine.analysis])
            #expect(try analyses.list(olderThan: .max, clinicID: tenant, limit: 10) == [mine.analysis])
            #expect(try analyses.count(clinicID: tenant) == 1)
            #expect(try !analyses.sign(theirs.analysis.id, clinicID: tenant, by: mine.user.id, at: 5))
            #expect(try !analyses.setFlags([], of: theirs.analysis.id, clinicID: tenant))
            #expect(try !analyses.delete(theirs.analysis.id, clinicID: tenant))
            #expect(try analyses.find(theirs.analysis.id, clinicID: nil) == theirs.analysis)
            let images = ImageRepository(transaction)
            #expect(try images.find(theirs.image.id, clinicID: tenant) == nil)
            #expect(try images.list(analysisID: theirs.analysis.id, clinicID: tenant) == [])
            #expect(try images.list(clinicID: tenant, limit: 10) == [mine.image])
            #expect(try images.find(theirs.image.id, clinicID: nil) == theirs.image)
            let feedback = FeedbackRepository(transaction)
            #expect(try feedback.find(theirs.feedback.id, clinicID: tenant) == nil)
            #expect(try feedback.list(analysisID: theirs.analysis.id, clinicID: tenant) == [])
            #expect(try feedback.list(clinicID: tenant, limit: 10) == [mine.feedback])
            #expect(try feedback.list(clinicID: tenant, kind: .correction, limit: 10) == [mine.feedback])
            #expect(try feedback.find(theirs.feedback.id, clinicID: nil) == theirs.feedback)
            let audit = AuditRepository(transaction)
            #expect(try audit.list(clinicID: tenant, limit: 10).map(\.subject) == [mine.analysis.id])
            #expect(try audit.list(clinicID: tenant, subject: theirs.analysis.id, limit: 10) == [])
            #expect(try audit.find(sequence: 2, clinicID: tenant) == nil)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func noRowJoinsTwoClinics(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let mine = try await SampleClinic("north", in: database)
            let theirs = try await SampleClinic("south", in: database)
            var visit = Samples.visit(theirs.patient)
            visit.clinicID = mine.clinic.id
            var analysis = Samples.analysis(theirs.patient, by: mine.user.id)
            analysis.clinicID = mine.clinic.id
            let ofTheirVisit = Samples.analysis(mine.patient, by: mine.user.id, visitID: theirs.visit.id)
            var image = Samples.image(theirs.analysis, position: 1)
            image.clinicID = mine.clinic.id
            var feedback = Samples.feedback(theirs.analysis, by: mine.user.id)
            feedback.clinicID = mine.clinic.id
            let (joined, crossed, picture, opinion) = (visit, analysis, image, feedback)
            let attempts: [@Sendable (any Transaction) throws -> Void] = [
                { try VisitRepository($0).insert(joined) }, { try AnalysisRepository($0).insert(crossed) },
                { try AnalysisRepository($0).insert(ofTheirVisit) }, { try ImageRepository($0).insert(picture) },
                { try FeedbackRepository($0).insert(opinion) },
            ]
            for (index, attempt) in attempts.enumerated() {
                await expect(.conflict, "attempt \(index)") { try await database.write(attempt) }
            }
        }
    }
}
