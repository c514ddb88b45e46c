import CutisCore
import CutisService
import CutisStorage
import Testing

@Suite struct ReviewTests {
    @Test func theQueueHoldsWhatIsFlagged() async throws {
        let clinic = try await Clinic()
        let reviewer = clinic.user(.reviewer)
        let plain = try await clinic.analysis("nv=1").record.id
        clinic.clock.advance(1)
        let flagged = try await clinic.analysis("nv=0.5 bkl=0.45").record.id
        clinic.clock.advance(1)
        let corrected = try await clinic.analysis("nv=1").record.id
        _ = try await clinic.feedback.add(.correction, to: corrected, label: "mel", by: clinic.user(.clinician))
        clinic.clock.advance(1)
        _ = try await clinic.analysis("nv=0.5 bkl=0.45", by: clinic.user(.clinician, "south"))
        func queue(_ filter: ReviewService.Filter) async throws -> [String] {
            try await clinic.reviews.queue(filter, by: reviewer).items.map(\.analysis.record.id)
        }
        #expect(try await queue(.flagged) == [corrected, flagged])
        #expect(try await queue(.corrections) == [corrected])
        #expect(try await queue(.unsigned) == [corrected, flagged, plain])
        _ = try await clinic.analyses.sign(plain, by: reviewer)
        #expect(try await queue(.unsigned) == [corrected, flagged])
        let item = try await clinic.reviews.queue(.corrections, by: reviewer).items[0]
        #expect(item.feedback.map(\.label) == ["mel"])
        let page = try await clinic.reviews.queue(.flagged, limit: 1, by: reviewer)
        let next = try #require(page.next)
        let rest = try await clinic.reviews.queue(.flagged, limit: 1, before: next, by: reviewer)
        #expect((page.items + rest.items).map(\.analysis.record.id) == [corrected, flagged])
        #expect(rest.next == nil)
    }

    @Test func aDecisionIsKeptAndEndsTheFlag() async throws {
        let clinic = try await Clinic()
        let reviewer = clinic.user(.reviewer)
        let words: [(ReviewService.Decision, String?)] = [
            (.init(.upheld), "nv"), (.init(.overruled, label: "bkl", note: "dots"), "bkl"), (.init(.inconclusive), nil),
        ]
        for (decision, label) in words {
            let id = try await clinic.analysis("nv=0.5 bkl=0.45").record.id
            let resolved = try await clinic.reviews.resolve(id, decision, by: reviewer)
            #expect(resolved.record.flags.isEmpty)
            #expect(try await clinic.feedback.list(of: id, by: reviewer).map(\.label) == (label.map { [$0] } ?? []))
            #expect(await code { try await clinic.reviews.resolve(id, decision, by: reviewer) } == .conflict)
            let entry = try await clinic.audit.entries(subject: id, by: clinic.admin)[0]
            #expect(entry.action == "review.resolve")
            #expect(entry.details.contains(#""decision":"\#(decision.outcome.rawValue)""#))
            #expect(entry.details.contains("uncertain"))
        }
        #expect(try await clinic.reviews.queue(by: reviewer).items.isEmpty)
    }

    @Test func aDecisionThatIsWrongChangesNothing() async throws {
        let clinic = try await Clinic()
        let id = try await clinic.analysis("nv=0.5 bkl=0.45").record.id
        let wrong = ReviewService.Decision(.overruled, label: "zzz")
        #expect(
            await code { try await clinic.reviews.resolve(id, wrong, by: clinic.user(.reviewer)) } == .requestInvalid)
        let unnamed = ReviewService.Decision(.overruled)
        #expect(
            await code { try await clinic.reviews.resolve(id, unnamed, by: clinic.user(.reviewer)) } == .requestInvalid)
        #expect(try await clinic.reviews.queue(by: clinic.user(.reviewer)).items.count == 1)
    }

    @Test func onlyReviewersOfTheClinicDecide() async throws {
        let clinic = try await Clinic()
        let id = try await clinic.analysis("nv=0.5 bkl=0.45").record.id
        let decision = ReviewService.Decision(.upheld)
        let stranger = clinic.user(.reviewer, "south")
        #expect(await code { try await clinic.reviews.resolve(id, decision, by: stranger) } == .notFound)
        #expect(try await clinic.reviews.queue(by: stranger).items.isEmpty)
        for role in Role.allCases where role != .reviewer {
            let user = clinic.user(role)
            #expect(await code { try await clinic.reviews.resolve(id, decision, by: user) } == .forbidden)
            #expect(await code { try await clinic.reviews.queue(by: user) } == (role == .admin ? nil : .forbidden))
        }
        #expect(await code { try await clinic.reviews.resolve(id, decision, by: clinic.user(.reviewer)) } == nil)
    }
}
