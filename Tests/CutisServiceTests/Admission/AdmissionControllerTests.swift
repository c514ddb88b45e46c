import CutisCore
import CutisMonitoring
import CutisService
import Testing

@Suite struct AdmissionControllerTests {
    private let time = SteppedClock()

    @Test func aClientMayBurstAndThenGoesAtItsRate() throws {
        let admission = AdmissionController(
            limits: ClientLimits(rate: 0.5, burst: 3, concurrency: 100), clock: time.clock)
        for _ in 0..<3 { _ = try admission.admit("a") }
        let refusal = #expect(throws: ServiceRefusal.self) { _ = try admission.admit("a") }
        #expect(refusal?.error.code == .rateLimited)
        #expect(refusal?.retryAfter == 2)
        // Others are not concerned.
        _ = try admission.admit("b")
        time.advance(by: .milliseconds(1999))
        #expect(throws: ServiceRefusal.self) { _ = try admission.admit("a") }
        time.advance(by: .milliseconds(2))
        _ = try admission.admit("a")
        #expect(throws: ServiceRefusal.self) { _ = try admission.admit("a") }
        // A long pause fills the bucket and no more.
        time.advance(by: .seconds(1000))
        for _ in 0..<3 { _ = try admission.admit("a") }
        #expect(throws: ServiceRefusal.self) { _ = try admission.admit("a") }
    }

    @Test func aCostlyRequestTakesMoreButNeverMoreThanAFullBucket() throws {
        let admission = AdmissionController(limits: ClientLimits(rate: 1, burst: 4), clock: time.clock)
        _ = try admission.admit("a", cost: 3)
        let refusal = #expect(throws: ServiceRefusal.self) { _ = try admission.admit("a", cost: 3) }
        #expect(refusal?.retryAfter == 2)
        time.advance(by: .seconds(3))
        _ = try admission.admit("a", cost: 1000)
    }

    @Test func onlySoManyAreUnderWay() throws {
        let metrics = ServiceMetrics(clock: time.clock)
        let admission = AdmissionController(
            limits: ClientLimits(rate: 1000, burst: 1000, concurrency: 2), metrics: metrics, clock: time.clock)
        let first = try admission.admit("a")
        do {
            let second = try admission.admit("a")
            let refusal = #expect(throws: ServiceRefusal.self) { _ = try admission.admit("a") }
            #expect(refusal?.error.code == .rateLimited)
            #expect(refusal?.retryAfter == 1)
            withExtendedLifetime(second) {}
        }
        let third = try admission.admit("a")
        withExtendedLifetime((first, third)) {}
        #expect(
            metrics.registry.exposition(.prometheus).contains(
                "cutis_requests_refused_total{code=\"rate-limited\"} 1.0"))
    }

    @Test func onlySoManyClientsAreRemembered() throws {
        let admission = AdmissionController(
            limits: ClientLimits(rate: 0.001, burst: 2, maximumClients: 100), clock: time.clock)
        let held = try admission.admit("held")
        for number in 0..<10_000 {
            _ = try admission.admit("client \(number)")
            time.advance(by: .milliseconds(1))
            #expect(admission.clientCount <= 100)
        }
        // Who has a request under way is not forgotten, and so cannot begin anew with a full bucket.
        _ = try admission.admit("held")
        #expect(throws: ServiceRefusal.self) { _ = try admission.admit("held") }
        withExtendedLifetime(held) {}
    }

    @Test func whenAllAreUnderWayNewClientsAreRefused() throws {
        let admission = AdmissionController(limits: ClientLimits(maximumClients: 3), clock: time.clock)
        let held = try (0..<3).map { try admission.admit("\($0)") }
        let refusal = #expect(throws: ServiceRefusal.self) { _ = try admission.admit("another") }
        #expect(refusal?.error.code == .overloaded)
        withExtendedLifetime(held) {}
        // Their buckets are not full again, but the places of idle ones can be had.
        #expect(admission.clientCount == 3)
    }
}
