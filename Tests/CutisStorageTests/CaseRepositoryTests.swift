import CutisCore
import CutisStorage
import Testing

/// Patients, visits, analyses, images and feedback.
@Suite struct CaseRepositoryTests {
    @Test(arguments: DatabaseBackend.all)
    func patients(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            var again = Samples.patient(sample.clinic.id)
            again.pseudonym = sample.patient.pseudonym
            let second = again
            try await database.write { transaction throws in
                let patients = PatientRepository(transaction)
                #expect(try patients.findOrInsert(second) == sample.patient)
                #expect(try patients.find(sample.patient.id, clinicID: nil) == sample.patient)
                #expect(try patients.find(pseudonym: second.pseudonym, clinicID: sample.clinic.id) == sample.patient)
                #expect(try patients.list(clinicID: nil, limit: 10) == [sample.patient])
                let other = Samples.patient(sample.clinic.id, at: 3000)
                #expect(try patients.findOrInsert(other) == other)
                #expect(try patients.delete(other.id, clinicID: nil))
                #expect(try !patients.delete(other.id, clinicID: nil))
            }
            let refusal = await code {
                _ = try await database.write { try PatientRepository($0).delete(sample.patient.id, clinicID: nil) }
            }
            #expect(refusal == .conflict)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func onePatientForRequestsAtOnce(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let clinic = Samples.clinic("north")
            try await database.write { try ClinicRepository($0).insert(clinic) }
            let found = try await withThrowingTaskGroup(of: PatientRecord.self) { group in
                for _ in 0..<20 {
                    group.addTask {
                        var record = Samples.patient(clinic.id)
                        record.pseudonym = "the same"
                        let mine = record
                        return try await database.write { try PatientRepository($0).findOrInsert(mine) }
                    }
                }
                return try await group.reduce(into: Set()) { $0.insert($1) }
            }
            #expect(found.count == 1)
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func visits(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let later = Samples.visit(sample.patient, at: 9000)
            try await database.write { transaction throws in
                let visits = VisitRepository(transaction)
                try visits.insert(later)
                #expect(try visits.find(later.id, clinicID: nil) == later)
                #expect(try visits.list(clinicID: nil, limit: 10) == [later, sample.visit])
                #expect(try visits.list(clinicID: nil, patientID: "nobody", limit: 10) == [])
                #expect(try visits.list(clinicID: nil, patientID: sample.patient.id, limit: 1) == [later])
                #expect(try visits.delete(later.id, clinicID: nil))
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func analyses(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            var record = Samples.analysis(sample.patient, by: sample.user.id, at: 9000)
            record.kind = .screening
            record.threshold = nil
            let plain = record
            try await database.write { transaction throws in
                let analyses = AnalysisRepository(transaction)
                try analyses.insert(plain)
                #expect(try analyses.find(plain.id, clinicID: nil) == plain)
                #expect(try analyses.find(sample.analysis.id, clinicID: nil) == sample.analysis)
                #expect(try analyses.list(clinicID: nil, limit: 10) == [plain, sample.analysis])
                #expect(try analyses.list(clinicID: nil, patientID: sample.patient.id, limit: 1) == [plain])
                #expect(try analyses.list(clinicID: nil, patientID: "nobody", limit: 1) == [])
                #expect(try analyses.list(visitID: sample.visit.id, clinicID: nil) == [sample.analysis])
                #expect(try analyses.list(olderThan: 9000, clinicID: nil, limit: 10) == [sample.analysis])
                #expect(try analyses.list(olderThan: 9001, clinicID: nil, limit: 10) == [sample.analysis, plain])
                #expect(try analyses.count(clinicID: nil) == 2)
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func flagsMakeTheReviewersQueue(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let plain = Samples.analysis(sample.patient, by: sample.user.id, at: 9000)
            try await database.write { transaction throws in
                let analyses = AnalysisRepository(transaction)
                try analyses.insert(plain)
                #expect(try analyses.listFlagged(clinicID: nil, limit: 10) == [sample.analysis])
                #expect(try analyses.setFlags(["corrected", "disagrees"], of: plain.id, clinicID: sample.clinic.id))
                #expect(try analyses.setFlags([], of: sample.analysis.id, clinicID: nil))
                let queue = try analyses.listFlagged(clinicID: nil, limit: 10)
                #expect(queue.map(\.id) == [plain.id])
                #expect(queue[0].flags == ["corrected", "disagrees"])
                #expect(try !analyses.setFlags(["x"], of: "nothing", clinicID: nil))
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func anAnalysisIsSignedOnce(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            try await database.write { transaction throws in
                let analyses = AnalysisRepository(transaction)
                #expect(try analyses.sign(sample.analysis.id, clinicID: nil, by: sample.user.id, at: 5000))
                #expect(try !analyses.sign(sample.analysis.id, clinicID: nil, by: sample.user.id, at: 6000))
                let signed = try analyses.find(sample.analysis.id, clinicID: nil)
                #expect(signed?.status == .signed)
                #expect(signed?.signedBy == sample.user.id)
                #expect(signed?.signedAt == 5000)
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func deletingAnAnalysisTakesItsRows(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            try await database.write { transaction throws in
                #expect(try AnalysisRepository(transaction).delete(sample.analysis.id, clinicID: nil))
                #expect(try !AnalysisRepository(transaction).delete(sample.analysis.id, clinicID: nil))
                #expect(try ImageRepository(transaction).find(sample.image.id, clinicID: nil) == nil)
                #expect(try FeedbackRepository(transaction).find(sample.feedback.id, clinicID: nil) == nil)
                #expect(try VisitRepository(transaction).delete(sample.visit.id, clinicID: nil))
                #expect(try PatientRepository(transaction).delete(sample.patient.id, clinicID: nil))
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func images(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let second = Samples.image(sample.analysis, position: 1)
            try await database.write { transaction throws in
                let images = ImageRepository(transaction)
                try images.insert(second)
                #expect(try images.find(second.id, clinicID: nil) == second)
                #expect(try images.list(analysisID: sample.analysis.id, clinicID: nil) == [sample.image, second])
                #expect(try Set(images.list(clinicID: nil, limit: 10)) == [sample.image, second])
                #expect(try images.unused(blobKeys: [second.blobKey, "images/lost"]) == ["images/lost"])
            }
            let samePlace = Samples.image(sample.analysis, position: 1)
            await expect(.conflict) { try await database.write { try ImageRepository($0).insert(samePlace) } }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func feedback(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            let histology = Samples.feedback(sample.analysis, by: sample.user.id, kind: .histology, at: 3000)
            try await database.write { transaction throws in
                let feedback = FeedbackRepository(transaction)
                try feedback.insert(histology)
                #expect(try feedback.find(histology.id, clinicID: nil) == histology)
                let ofOne = try feedback.list(analysisID: sample.analysis.id, clinicID: nil)
                #expect(ofOne == [sample.feedback, histology])
                #expect(try feedback.list(clinicID: nil, limit: 10) == [histology, sample.feedback])
                #expect(try feedback.list(clinicID: nil, kind: .correction, limit: 10) == [sample.feedback])
                #expect(try feedback.list(clinicID: nil, kind: .confirmation, limit: 10) == [])
            }
        }
    }

    @Test(arguments: DatabaseBackend.all)
    func pagesHaveEveryRowOnce(_ backend: DatabaseBackend) async throws {
        try await backend.with { database in
            let sample = try await SampleClinic("north", in: database)
            // Several rows of one time: the identifier decides.
            let records = (0..<25).map {
                Samples.analysis(sample.patient, by: sample.user.id, at: 2000 + Int64($0) / 4)
            }
            try await database.write { transaction throws in
                for record in records.shuffled() { try AnalysisRepository(transaction).insert(record) }
            }
            var found: [AnalysisRecord] = []
            var cursor: PageCursor?
            repeat {
                let before = cursor
                let page = try await database.read {
                    try AnalysisRepository($0).list(clinicID: sample.clinic.id, limit: 7, before: before)
                }
                found += page
                cursor = page.last.map { PageCursor(createdAt: $0.createdAt, id: $0.id) }
            } while cursor != nil
            let wanted = (records + [sample.analysis]).sorted { ($0.createdAt, $0.id) > ($1.createdAt, $1.id) }
            #expect(found == wanted)
            let none = try await database.read { try AnalysisRepository($0).list(clinicID: nil, limit: -5) }
            #expect(none == [])
        }
    }

    @Test func cursorsAreTexts() {
        let cursor = PageCursor(createdAt: 1_763_719_363_000, id: Identifier.make())
        #expect(PageCursor(cursor.text) == cursor)
        for text in ["", "_", "1_", "x_\(cursor.id)", "1_\(cursor.id)_", "1_' OR 1=1", "1_\(cursor.id.uppercased())"] {
            #expect(PageCursor(text) == nil, "\(text)")
        }
    }
}
