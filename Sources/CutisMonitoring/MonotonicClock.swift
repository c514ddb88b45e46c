/// Time that never jumps: what waits, deadlines and rates are measured by. Tests put their own in its place.
public struct MonotonicClock: Sendable {
    /// The time now.
    public var now: @Sendable () -> ContinuousClock.Instant
    /// Returns at a time, or throws `CancellationError` when the task is cancelled before.
    public var sleep: @Sendable (_ until: ContinuousClock.Instant) async throws -> Void

    /// Makes a clock from its two functions.
    public init(
        now: @escaping @Sendable () -> ContinuousClock.Instant,
        sleep: @escaping @Sendable (_ until: ContinuousClock.Instant) async throws -> Void
    ) {
        self.now = now
        self.sleep = sleep
    }

    /// The machine's own clock, which goes on while the machine sleeps.
    public static let system = MonotonicClock(
        now: { ContinuousClock.now },
        sleep: { try await Task.sleep(until: $0, tolerance: .milliseconds(1), clock: .continuous) })
}

extension Duration {
    /// The duration in seconds.
    package var inSeconds: Double {
        Double(components.seconds) + Double(components.attoseconds) * 1e-18
    }
}
