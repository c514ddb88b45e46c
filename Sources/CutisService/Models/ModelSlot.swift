import CutisCore
import CutisMonitoring
import Synchronization

/// One loaded model with its queue: what the registry and every lease hold.
///
/// When the last of them lets go, the queue goes once its last pass is over, and with it the replicas; then the
/// memory is free again. Nothing else may hold a replica for longer than a pass.
final class ModelSlot: Sendable {
    let facts: ModelFacts
    let bundle: String
    let queue: InferenceQueue
    let preparation: ImagePreparation
    let memoryBytes: Int
    private let clock: MonotonicClock
    private let leases = Atomic<Int>(0)
    private let served = Atomic<Int>(0)
    private let used: Mutex<ContinuousClock.Instant>

    init(
        facts: ModelFacts, bundle: String, queue: InferenceQueue, preparation: ImagePreparation, memoryBytes: Int,
        clock: MonotonicClock
    ) {
        self.facts = facts
        self.bundle = bundle
        self.queue = queue
        self.preparation = preparation
        self.memoryBytes = memoryBytes
        self.clock = clock
        used = Mutex(clock.now())
    }

    var leaseCount: Int { leases.load(ordering: .acquiring) }
    var servedCount: Int { served.load(ordering: .relaxed) }
    var lastUsed: ContinuousClock.Instant { used.withLock { $0 } }

    func lease() -> ModelLease {
        leases.add(1, ordering: .acquiringAndReleasing)
        served.add(1, ordering: .relaxed)
        return ModelLease(self)
    }

    func endLease() {
        used.withLock { $0 = clock.now() }
        leases.subtract(1, ordering: .acquiringAndReleasing)
    }
}

/// How much memory models have reserved of what they may take together.
final class MemoryLedger: Sendable {
    let budget: Int
    private let taken = Atomic<Int>(0)

    init(budget: Int) { self.budget = budget }

    /// What is free.
    var free: Int { budget - taken.load(ordering: .acquiring) }

    func reserve(_ bytes: Int) -> MemoryReservation { MemoryReservation(bytes, of: self) }

    fileprivate func take(_ bytes: Int) { taken.add(bytes, ordering: .acquiringAndReleasing) }
}

/// Memory that is reserved as long as this lives.
final class MemoryReservation: Sendable {
    private let bytes: Int
    private let ledger: MemoryLedger
    private let onRelease = Mutex<(@Sendable () -> Void)?>(nil)

    fileprivate init(_ bytes: Int, of ledger: MemoryLedger) {
        self.bytes = bytes
        self.ledger = ledger
        ledger.take(bytes)
    }

    deinit {
        ledger.take(-bytes)
        onRelease.withLock { $0 }?()
    }

    /// What to do when the memory is free again.
    func whenReleased(_ body: @escaping @Sendable () -> Void) { onRelease.withLock { $0 = body } }
}
