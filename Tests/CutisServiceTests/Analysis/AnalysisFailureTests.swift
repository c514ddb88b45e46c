import CutisCore
import CutisService
import CutisStorage
import Foundation
import ServiceFakes
import Testing

@Suite struct AnalysisFailureTests {
    @Test func aFailedCommitLeavesNoBlob() async throws {
        let clinic = try await Clinic()
        clinic.database.fail(.atCommit)
        #expect(await code { try await clinic.analysis() } == .storageUnavailable)
        #expect(clinic.blobs.all.isEmpty)
        clinic.database.fail(.none)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM analysis") == 0)
        #expect(try await clinic.audit.verify(by: .system).fault == nil)
        _ = try await clinic.analysis()
        #expect(clinic.blobs.all.count == 1)
    }

    @Test func aCommitOfUnknownOutcomeKeepsItsBlobs() async throws {
        let clinic = try await Clinic()
        clinic.database.fail(.afterCommit)
        #expect(await code { try await clinic.analysis() } == .storageUnavailable)
        clinic.database.fail(.none)
        let page = try await clinic.analyses.list(by: clinic.user(.clinician))
        #expect(page.analyses.count == 1)
        let image = try await clinic.analyses.image(of: page.analyses[0].record.id, by: clinic.user(.clinician))
        #expect(!image.data.isEmpty)
    }

    @Test func aFailedBlobLeavesNoAnalysis() async throws {
        let clinic = try await Clinic()
        clinic.blobs.failPuts(true)
        #expect(await code { try await clinic.analysis() } == .noSpaceLeft)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM analysis") == 0)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM patient") == 0)
    }

    @Test func aFailedModelLeavesNoBlob() async throws {
        let clinic = try await Clinic()
        clinic.blobs.slowPuts(true)
        clinic.model.fail(CutisError(.computeFailed, "The model failed.", remedy: "-"))
        #expect(await code { try await clinic.analysis() } == .computeFailed)
        // The blob is written more slowly than the model fails, and is taken back all the same.
        #expect(clinic.blobs.all.isEmpty)
    }

    @Test func anAnswerWaitsForItsBlob() async throws {
        let clinic = try await Clinic()
        clinic.blobs.slowPuts(true)
        _ = try await clinic.analysis()
        #expect(clinic.blobs.all.count == 1)
    }

    @Test func aCancelledRequestLeavesNothing() async throws {
        let clinic = try await Clinic()
        clinic.blobs.slowPuts(true)
        let request = Task { try await clinic.analysis() }
        try await Task.sleep(for: .milliseconds(20))
        request.cancel()
        let kept = try? await request.value
        let rows = try await clinic.number("SELECT COUNT(*) AS n FROM analysis")
        #expect(rows == (kept == nil ? 0 : 1))
        #expect(clinic.blobs.all.count == Int(rows))
    }

    @Test func aHundredEqualRequestsMakeOneAnalysis() async throws {
        let clinic = try await Clinic()
        let clinician = clinic.user(.clinician)
        let outcomes = await withTaskGroup(of: String.self) { group in
            for _ in 0..<100 {
                group.addTask {
                    do {
                        let start = try await clinic.idempotency.begin(
                            user: clinician.userID, key: "k-1", requestHash: "same")
                        switch start {
                        case .fresh(let claim):
                            let request = Clinic.request("nv=1", claim: claim)
                            return "done " + (try await clinic.analyses.analyze(request, by: clinician).record.id)
                        case .kept(let analyses, _): return "done \(analyses[0])"
                        case .replay: return "replay"
                        }
                    } catch let error as CutisError {
                        return error.code.rawValue
                    } catch {
                        return "\(error)"
                    }
                }
            }
            return await group.reduce(into: [String: Int]()) { $0[$1, default: 0] += 1 }
        }
        #expect(outcomes.values.reduce(0, +) == 100)
        #expect(outcomes.keys.filter { $0.hasPrefix("done ") }.count == 1)
        #expect(Set(outcomes.keys.filter { !$0.hasPrefix("done ") }).isSubset(of: ["conflict"]))
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM analysis") == 1)
        #expect(
            try await clinic.number("SELECT COUNT(*) AS n FROM audit WHERE action = 'analysis.create'") == 1)
    }

    @Test func manyClinicsAppendToOneChain() async throws {
        let clinic = try await Clinic()
        try await withThrowingTaskGroup(of: Void.self) { group in
            for index in 0..<40 {
                group.addTask {
                    let user = clinic.user(.clinician, index.isMultiple(of: 2) ? "north" : "south")
                    _ = try await clinic.analysis("nv=1", patient: "P-\(index % 5)", by: user)
                }
            }
            try await group.waitForAll()
        }
        // The same identifier in two clinics is two patients.
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM patient") == 10)
        #expect(try await clinic.number("SELECT COUNT(DISTINCT pseudonym) AS n FROM patient") == 10)
        let found = try await clinic.audit.verify(by: .system)
        #expect(found.fault == nil)
        #expect(found.count == (try await clinic.number("SELECT COUNT(*) AS n FROM audit")))
    }
}
