import Synchronization

/// One number of an exposition: `family` + `suffix`, its labels and its value.
package struct MetricSample: Sendable {
    var suffix: String
    var labels: [(name: String, value: String)]
    var value: Double

    init(_ value: Double, suffix: String = "", labels: [(name: String, value: String)]) {
        self.value = value
        self.suffix = suffix
        self.labels = labels
    }
}

/// One time series of a family; updates take no lock or an uncontended one, and may come from any thread.
public protocol MetricSeries: AnyObject, Sendable {}

/// A `Double` that many threads add to.
private struct AtomicDouble: ~Copyable, Sendable {
    private let bits = Atomic<UInt64>(0)

    var value: Double { Double(bitPattern: bits.load(ordering: .relaxed)) }

    func set(_ value: Double) { bits.store(value.bitPattern, ordering: .relaxed) }

    func add(_ amount: Double) {
        var old = bits.load(ordering: .relaxed)
        while true {
            let new = (Double(bitPattern: old) + amount).bitPattern
            let (exchanged, current) = bits.weakCompareExchange(expected: old, desired: new, ordering: .relaxed)
            if exchanged { return }
            old = current
        }
    }
}

/// A number that only grows.
public final class Counter: MetricSeries {
    private let total = AtomicDouble()

    /// Begins at 0.
    public init() {}

    /// Adds to the number; what is negative or no number is left out, since a counter never falls.
    public func increment(by amount: Double = 1) {
        if amount > 0, amount.isFinite { total.add(amount) }
    }

    /// The number now.
    public var value: Double { total.value }
}

/// A number that rises and falls.
public final class Gauge: MetricSeries {
    private let current = AtomicDouble()

    /// Begins at 0.
    public init() {}

    /// Puts another number in its place.
    public func set(_ value: Double) { current.set(value) }

    /// Adds to the number.
    public func add(_ amount: Double) { current.add(amount) }

    /// The number now.
    public var value: Double { current.value }
}

/// How often values fell under each of fixed bounds, and their sum.
public final class Histogram: MetricSeries {
    /// A consistent reading.
    public struct Reading: Sendable, Hashable {
        /// How many values lie in each bucket, the last for those above all bounds; not cumulative.
        public var counts: [Int]
        /// The sum of all values.
        public var sum: Double
        /// How many values there are.
        public var count: Int { counts.reduce(0, +) }
    }

    /// The inclusive upper bounds of the buckets, ascending, without infinity.
    public let bounds: [Double]
    private let state: Mutex<Reading>

    /// Makes an empty histogram.
    ///
    /// - Parameter bounds: finite and strictly ascending.
    public init(bounds: [Double]) {
        precondition(
            zip(bounds, bounds.dropFirst()).allSatisfy(<) && bounds.allSatisfy(\.isFinite),
            "A histogram's bounds are finite and ascend.")
        self.bounds = bounds
        state = Mutex(Reading(counts: Array(repeating: 0, count: bounds.count + 1), sum: 0))
    }

    /// Counts a value; what is no finite number is left out, since it would spoil the sum for ever.
    public func observe(_ value: Double) {
        guard value.isFinite else { return }
        let bucket = bounds.firstIndex { value <= $0 } ?? bounds.count
        state.withLock {
            $0.counts[bucket] += 1
            $0.sum += value
        }
    }

    /// The counts and the sum at one moment.
    public var reading: Reading { state.withLock { $0 } }

    /// Bounds for durations in seconds, 1 ms to 30 s.
    public static let seconds: [Double] = [
        0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1, 2.5, 5, 10, 30,
    ]
    /// Bounds for waits in seconds, 10 µs to 10 s.
    public static let waits: [Double] = [
        0.00001, 0.000025, 0.00005, 0.0001, 0.00025, 0.0005, 0.001, 0.0025, 0.005, 0.01, 0.025, 0.05, 0.1, 0.25, 0.5, 1,
        2.5, 5, 10,
    ]
    /// Bounds for numbers of images.
    public static let rows: [Double] = [1, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 128]
}
