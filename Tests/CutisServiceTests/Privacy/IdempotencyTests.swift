import CutisCore
import CutisService
import CutisStorage
import Foundation
import Testing

@Suite struct IdempotencyTests {
    private static func claim(_ start: IdempotencyService.Start) throws -> IdempotencyClaim {
        guard case .fresh(let claim) = start else {
            throw CutisError(.internalFailure, "The key was not fresh: \(start).", remedy: "-")
        }
        return claim
    }

    @Test func anAnswerIsSaidAgain() async throws {
        let clinic = try await Clinic()
        let (service, user) = (clinic.idempotency, clinic.user(.clinician).userID)
        let claim = try Self.claim(try await service.begin(user: user, key: "k", requestHash: "a"))
        #expect(await code { try await service.begin(user: user, key: "k", requestHash: "a") } == .conflict)
        #expect(await code { try await service.begin(user: user, key: "k", requestHash: "b") } == .idempotencyMismatch)
        try await service.finish(claim, status: 201, body: Data("body".utf8))
        #expect(
            try await service.begin(user: user, key: "k", requestHash: "a")
                == .replay(status: 201, body: Data("body".utf8)))
        #expect(await code { try await service.begin(user: user, key: "k", requestHash: "b") } == .idempotencyMismatch)
        // Keys belong to their users.
        let other = clinic.user(.reviewer).userID
        _ = try Self.claim(try await service.begin(user: other, key: "k", requestHash: "b"))
    }

    @Test func aRequestThatFailedCanComeAgain() async throws {
        let clinic = try await Clinic()
        let (service, user) = (clinic.idempotency, clinic.user(.clinician).userID)
        let claim = try Self.claim(try await service.begin(user: user, key: "k", requestHash: "a"))
        try await service.abandon(claim)
        _ = try Self.claim(try await service.begin(user: user, key: "k", requestHash: "a"))
    }

    @Test func aDeadRequestIsFreeAgainAndCannotKeepAnything() async throws {
        let clinic = try await Clinic()
        let (service, user) = (clinic.idempotency, clinic.user(.clinician).userID)
        let dead = try Self.claim(try await service.begin(user: user, key: "k", requestHash: "a"))
        clinic.clock.advance(119_999)
        #expect(await code { try await service.begin(user: user, key: "k", requestHash: "a") } == .conflict)
        clinic.clock.advance(1)
        let alive = try Self.claim(try await service.begin(user: user, key: "k", requestHash: "a"))
        let clinician = clinic.user(.clinician)
        #expect(
            await code { try await clinic.analyses.analyze(Clinic.request("nv=1", claim: dead), by: clinician) }
                == .conflict)
        #expect(clinic.blobs.all.isEmpty)
        _ = try await clinic.analyses.analyze(Clinic.request("nv=1", claim: alive), by: clinician)
        #expect(try await clinic.number("SELECT COUNT(*) AS n FROM analysis") == 1)
    }

    @Test func aCrashAfterTheCommitMakesNoSecondAnalysis() async throws {
        let clinic = try await Clinic()
        let (service, clinician) = (clinic.idempotency, clinic.user(.clinician))
        let claim = try Self.claim(try await service.begin(user: clinician.userID, key: "k", requestHash: "a"))
        let request = Clinic.request("nv=1", "mel=1", claim: claim)
        let visit = try await clinic.analyses.visit(request, by: clinician)
        // The process dies here, before it has answered.
        try await service.freeUnfinished()
        clinic.clock.advance(3_600_000)
        let start = try await service.begin(user: clinician.userID, key: "k", requestHash: "a")
        #expect(start == .kept(analyses: visit.analyses.map(\.record.id), visit: visit.visit.id))
        // Neither the end of the request nor its failure afterwards changes that.
        try await service.finish(claim, status: 200, body: Data("x".utf8))
        try await service.abandon(claim)
        #expect(try await service.begin(user: clinician.userID, key: "k", requestHash: "a") == start)
    }

    @Test func aRestartFreesWhatWasInFlight() async throws {
        let clinic = try await Clinic()
        let (service, user) = (clinic.idempotency, clinic.user(.clinician).userID)
        _ = try await service.begin(user: user, key: "k", requestHash: "a")
        #expect(try await service.freeUnfinished() == 1)
        _ = try Self.claim(try await service.begin(user: user, key: "k", requestHash: "a"))
    }

    @Test(arguments: ["", " ", "a b", "ä", "a\n", String(repeating: "a", count: 129)])
    func whatIsNoKeyIsRefused(_ key: String) async throws {
        let clinic = try await Clinic()
        #expect(
            await code { try await clinic.idempotency.begin(user: clinic.admin.userID, key: key, requestHash: "a") }
                == .requestInvalid)
    }
}
