import CutisStorage

/// The time as the service reads it, so that tests can set it.
public struct ServiceClock: Sendable {
    /// Milliseconds since 1970 UTC.
    public var now: @Sendable () -> Int64

    /// Makes a clock from what it reads.
    public init(now: @escaping @Sendable () -> Int64) {
        self.now = now
    }

    /// The machine's clock.
    public static let system = ServiceClock { Timestamp.now }
}
