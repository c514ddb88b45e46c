import CutisCore
package import CutisMonitoring
package import Foundation
import Synchronization

/// Lets images be decoded beside the models, but only so many at once, and on threads of their own.
///
/// Two bounds hold: as many images as there are threads, and as much memory as `PreparationLimits` allows by what the
/// files' headers say. Who comes first goes first, so that a large photo is not left waiting for ever behind small ones.
package final class ImagePreparation: Sendable {
    private struct Waiter: Sendable {
        let id: UInt64
        let bytes: Int
        let continuation: CheckedContinuation<Void, any Error>
    }

    private struct State: Sendable {
        var running = 0
        var bytes = 0
        var waiting: [Waiter] = []
        var cancelled: Set<UInt64> = []
        var nextID: UInt64 = 0
        /// What an image took of late, in seconds.
        var each = 0.0
    }

    private let limits: PreparationLimits
    private let metrics: ServiceMetrics
    private let clock: MonotonicClock
    private let threads: PreparationThreads
    private let state = Mutex(State())

    package init(limits: PreparationLimits, metrics: ServiceMetrics, clock: MonotonicClock = .system) {
        self.limits = limits
        self.metrics = metrics
        self.clock = clock
        threads = PreparationThreads(count: limits.threads)
    }

    /// How many images are being decoded, and how many wait.
    package var load: (running: Int, waiting: Int) { state.withLock { ($0.running, $0.waiting.count) } }

    /// Runs a piece of work on an image once there is room for it.
    ///
    /// - Parameter deadline: until when the image is of use.
    /// - Throws: `ServiceRefusal` with `.overloaded` when too many wait or those before it take too long, and
    ///   `.deadlineExceeded` when its turn comes too late; `CancellationError`; what `body` throws.
    package func run<Result: Sendable>(
        _ data: Data, deadline: ContinuousClock.Instant? = nil, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        let bytes = min(ImageMemory.estimate(data), limits.memoryBytes)
        do { try await enter(bytes, deadline) } catch let refusal as ServiceRefusal {
            metrics.refused(refusal.error.code)
            throw refusal
        }
        let began = clock.now()
        if let deadline, deadline <= began {
            leave(bytes, after: nil)
            metrics.refused(.deadlineExceeded)
            throw ServiceRefusal.late(retryAfter: 1)
        }
        defer { leave(bytes, after: began.duration(to: clock.now()).inSeconds) }
        do {
            let result = try await withTaskExecutorPreference(threads) { try await body() }
            metrics.prepared(seconds: began.duration(to: clock.now()).inSeconds, failed: false)
            return result
        } catch {
            metrics.prepared(seconds: began.duration(to: clock.now()).inSeconds, failed: true)
            throw error
        }
    }

    private func enter(_ bytes: Int, _ deadline: ContinuousClock.Instant?) async throws {
        try Task.checkCancellation()
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        // A cancellation that found nobody waiting left its mark.
        defer { state.withLock { _ = $0.cancelled.remove(id) } }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { (continuation: CheckedContinuation<Void, any Error>) in
                let outcome: Result<Void, any Error>? = state.withLock { state in
                    if state.cancelled.contains(id) { return .failure(CancellationError()) }
                    if state.waiting.isEmpty, fits(bytes, state) {
                        state.running += 1
                        state.bytes += bytes
                        return .success(())
                    }
                    if let refusal = refusal(state, deadline) { return .failure(refusal) }
                    state.waiting.append(Waiter(id: id, bytes: bytes, continuation: continuation))
                    return nil
                }
                if let outcome { continuation.resume(with: outcome) }
            }
        } onCancel: {
            let waiter = state.withLock { state -> Waiter? in
                guard let place = state.waiting.firstIndex(where: { $0.id == id }) else {
                    state.cancelled.insert(id)
                    return nil
                }
                return state.waiting.remove(at: place)
            }
            waiter?.continuation.resume(throwing: CancellationError())
            // The one that left may have been what the others waited behind.
            if waiter != nil { admit { _ in } }
        }
    }

    private func leave(_ bytes: Int, after seconds: Double?) {
        admit { state in
            if let seconds { state.each += (state.each == 0 ? 1 : 0.1) * (seconds - state.each) }
            state.running -= 1
            state.bytes -= bytes
        }
    }

    private func admit(_ change: (inout State) -> Void) {
        let admitted = state.withLock { state in
            change(&state)
            var admitted: [Waiter] = []
            while let next = state.waiting.first, fits(next.bytes, state) {
                state.running += 1
                state.bytes += next.bytes
                admitted.append(state.waiting.removeFirst())
            }
            return admitted
        }
        for waiter in admitted { waiter.continuation.resume() }
    }

    private func fits(_ bytes: Int, _ state: State) -> Bool {
        state.running < limits.threads && state.bytes + bytes <= limits.memoryBytes
    }

    /// Why an image may not wait; nil when it may.
    private func refusal(_ state: State, _ deadline: ContinuousClock.Instant?) -> ServiceRefusal? {
        let wait = state.each * Double(state.waiting.count + 1) / Double(limits.threads)
        let seconds = max(1, Int(wait.rounded(.up)))
        if state.waiting.count >= limits.maximumWaiting {
            return ServiceRefusal(
                CutisError(
                    .overloaded, "\(state.waiting.count) images wait to be decoded, as many as this server lets wait.",
                    remedy: "Send the request again in \(seconds) s."), retryAfter: seconds)
        }
        guard let deadline else { return nil }
        let left = clock.now().duration(to: deadline).inSeconds
        return wait <= left ? nil : .tooSlow(expected: wait, left: left, retryAfter: seconds)
    }
}
