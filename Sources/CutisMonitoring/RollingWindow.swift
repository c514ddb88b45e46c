import Foundation
import Synchronization

/// What a rolling window holds, summed up.
public struct WindowSummary: Sendable, Hashable {
    /// How many values there are.
    public var count: Int
    /// How many of them were failures.
    public var failures: Int
    /// Values a second.
    public var rate: Double
    /// The mean in seconds; nil without values, like the quantiles.
    public var mean: Double?
    /// What half of the values do not exceed, in seconds, right to 2.5 %.
    public var p50: Double?
    /// What 95 % of the values do not exceed, in seconds, right to 2.5 %.
    public var p95: Double?
    /// What 99 % of the values do not exceed, in seconds, right to 2.5 %.
    public var p99: Double?
    /// The greatest value in seconds.
    public var maximum: Double?
}

/// Quantiles and rate of durations over the last minutes, in memory that does not grow.
///
/// The span is cut into slices; each counts its values in buckets whose bounds grow by 5 % (as DDSketch does, Masson
/// et al. 2019), so that a quantile is right to 2.5 % whatever the durations. Slices that are too old are emptied and
/// used again.
public final class RollingWindow: Sendable {
    private struct Slice: Sendable {
        var number = Int.min
        var counts: [UInt32]
        var count = 0
        var failures = 0
        var sum = 0.0
        var maximum = 0.0

        mutating func reset(to number: Int) {
            self.number = number
            for bucket in counts.indices { counts[bucket] = 0 }
            count = 0
            failures = 0
            sum = 0
            maximum = 0
        }
    }

    private static let smallest = 1e-5
    private static let growth = 1.05
    /// From 10 µs to 10 min: ln(6·10⁷) / ln 1.05.
    private static let buckets = 368

    /// How far back the window reaches.
    public let span: Duration
    private let clock: MonotonicClock
    private let sliceSeconds: Double
    private let start: ContinuousClock.Instant
    private let slices: Mutex<[Slice]>

    /// Makes an empty window.
    ///
    /// - Parameters:
    ///   - span: how far back it reaches.
    ///   - slices: into how many parts it is cut; values leave the window a part at a time.
    ///   - clock: what the time is.
    public init(span: Duration = .seconds(300), slices: Int = 30, clock: MonotonicClock = .system) {
        precondition(span > .zero && slices > 1, "A window has a span and at least two slices.")
        self.span = span
        self.clock = clock
        sliceSeconds = span.inSeconds / Double(slices)
        start = clock.now()
        self.slices = Mutex(
            Array(repeating: Slice(counts: Array(repeating: 0, count: Self.buckets)), count: slices))
    }

    /// Counts a duration; what is negative or no number is left out.
    public func record(seconds: Double, failed: Bool = false) {
        guard seconds >= 0, seconds.isFinite else { return }
        let number = self.number(clock.now())
        let bucket = Self.bucket(seconds)
        slices.withLock { slices in
            let place = number % slices.count
            if slices[place].number != number { slices[place].reset(to: number) }
            slices[place].counts[bucket] &+= 1
            slices[place].count += 1
            slices[place].failures += failed ? 1 : 0
            slices[place].sum += seconds
            slices[place].maximum = max(slices[place].maximum, seconds)
        }
    }

    /// What the window holds now.
    public func summary() -> WindowSummary {
        let now = clock.now()
        let newest = number(now)
        let (total, lived) = slices.withLock { slices in
            var total = Slice(counts: Array(repeating: 0, count: Self.buckets))
            for slice in slices where slice.number > newest - slices.count && slice.number <= newest {
                for bucket in slice.counts.indices { total.counts[bucket] &+= slice.counts[bucket] }
                total.count += slice.count
                total.failures += slice.failures
                total.sum += slice.sum
                total.maximum = max(total.maximum, slice.maximum)
            }
            // The newest slice is not full yet: the window reaches from the beginning of the oldest one until now.
            let age = start.duration(to: now).inSeconds
            let first = Double(max(0, newest - slices.count + 1)) * sliceSeconds
            return (total, max(age - first, 1e-3))
        }
        return Self.summary(total, seconds: lived)
    }

    /// What each slice holds, oldest first; the last is the one that is being filled.
    public func series() -> [WindowSummary] {
        let newest = number(clock.now())
        return slices.withLock { slices in
            ((newest - slices.count + 1)...newest).map { number in
                guard number >= 0 else { return WindowSummary(count: 0, failures: 0, rate: 0) }
                let slice = slices[number % slices.count]
                guard slice.number == number else { return WindowSummary(count: 0, failures: 0, rate: 0) }
                return Self.summary(slice, seconds: sliceSeconds)
            }
        }
    }

    private static func summary(_ total: Slice, seconds: Double) -> WindowSummary {
        guard total.count > 0 else { return WindowSummary(count: 0, failures: 0, rate: 0) }
        func quantile(_ q: Double) -> Double {
            let rank = max(1, Int((q * Double(total.count)).rounded(.up)))
            var below = 0
            for (bucket, count) in total.counts.enumerated() {
                below += Int(count)
                if below >= rank { return min(middle(bucket), total.maximum) }
            }
            return total.maximum
        }
        return WindowSummary(
            count: total.count, failures: total.failures, rate: Double(total.count) / seconds,
            mean: total.sum / Double(total.count), p50: quantile(0.5), p95: quantile(0.95), p99: quantile(0.99),
            maximum: total.maximum)
    }

    private func number(_ time: ContinuousClock.Instant) -> Int {
        max(0, Int(start.duration(to: time).inSeconds / sliceSeconds))
    }

    private static func bucket(_ seconds: Double) -> Int {
        guard seconds > smallest else { return 0 }
        return min(buckets - 1, 1 + Int(log(seconds / smallest) / log(growth)))
    }

    /// A value of the bucket that is within half its width of every other.
    private static func middle(_ bucket: Int) -> Double {
        bucket == 0 ? smallest : smallest * pow(growth, Double(bucket) - 0.5)
    }
}
