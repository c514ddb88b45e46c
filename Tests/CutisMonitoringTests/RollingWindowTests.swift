import CutisMonitoring
import Synchronization
import Testing

@Suite struct RollingWindowTests {
    private final class Time: Sendable {
        private let now = Mutex(ContinuousClock.now)

        var clock: MonotonicClock {
            MonotonicClock(now: { self.now.withLock { $0 } }, sleep: { _ in })
        }

        func advance(by duration: Duration) { now.withLock { $0 += duration } }
    }

    private let time = Time()

    @Test func quantilesAreRightToTwoAndAHalfPerCent() {
        let window = RollingWindow(clock: time.clock)
        // 0.1 ms to 10 s, evenly in the logarithm, in no order.
        var values: [Double] = []
        for number in 0..<10_000 {
            let place = Double((number * 7919) % 10_000) / 10_000
            var value = 1e-4
            for _ in 0..<5 { value *= 1 + place * 9 }
            values.append(min(value, 10))
        }
        for value in values { window.record(seconds: value) }
        let sorted = values.sorted()
        let summary = window.summary()
        for (measured, q) in [(summary.p50, 0.5), (summary.p95, 0.95), (summary.p99, 0.99)] {
            let exact = sorted[Int(q * 10_000) - 1]
            #expect(abs((measured ?? 0) - exact) / exact < 0.026, "\(q)")
        }
        #expect(summary.count == 10_000)
        #expect(summary.maximum == sorted.last)
        #expect(abs((summary.mean ?? 0) - values.reduce(0, +) / 10_000) < 1e-9)
    }

    @Test func oldValuesLeaveTheWindow() {
        let window = RollingWindow(span: .seconds(300), slices: 30, clock: time.clock)
        window.record(seconds: 5, failed: true)
        time.advance(by: .seconds(200))
        window.record(seconds: 1)
        #expect(window.summary().count == 2)
        #expect(window.summary().failures == 1)
        #expect(window.summary().maximum == 5)
        time.advance(by: .seconds(101))
        #expect(window.summary().count == 1)
        #expect(window.summary().failures == 0)
        #expect(window.summary().maximum == 1)
        time.advance(by: .seconds(10_000))
        #expect(window.summary().count == 0 && window.summary().rate == 0 && window.summary().p99 == nil)
        // The slices are used again.
        window.record(seconds: 2)
        #expect(window.summary().count == 1)
    }

    @Test func theRateIsThatOfTheTimeThatTheWindowCovers() {
        let window = RollingWindow(clock: time.clock)
        for _ in 0..<20 {
            for _ in 0..<10 { window.record(seconds: 0.1) }
            time.advance(by: .seconds(1))
        }
        // Younger than its span: 200 values in 20 s.
        #expect(abs(window.summary().rate - 10) < 0.01)
        for _ in 0..<1000 {
            for _ in 0..<4 { window.record(seconds: 0.1) }
            time.advance(by: .seconds(1))
        }
        #expect(abs(window.summary().rate - 4) < 0.1)
    }

    @Test func whatIsNoDurationIsLeftOut() {
        let window = RollingWindow(clock: time.clock)
        for value in [-1, .nan, .infinity] { window.record(seconds: value) }
        #expect(window.summary().count == 0)
        window.record(seconds: 0)
        window.record(seconds: 1e9)
        #expect(window.summary().count == 2)
        #expect((window.summary().p50 ?? 1) <= 1e-5)
    }
}
