import CutisCore
package import CutisMonitoring
import Synchronization

/// Brings concurrent requests together into passes through a model's replicas.
///
/// It counts images (rows), not requests. An idle replica takes what waits at once; while all replicas compute,
/// requests gather, so that batches grow with the load and cost nothing without it. Urgent requests go first, old ones
/// of low priority take turns with them, clients take turns among each other, and what cannot be answered in time is
/// refused at once instead of late.
package final class InferenceQueue: Sendable {
    /// The id of the model, for metrics.
    package let model: String
    // Declared before what must outlive the replicas: members go in the order of their declaration.
    let replicas: [any ServedModel]
    private let kept: (any Sendable)?
    let limits: QueueLimits
    let metrics: ServiceMetrics
    let clock: MonotonicClock
    let state: Mutex<QueueState>

    /// Makes a queue.
    ///
    /// - Parameters:
    ///   - replicas: 1 or more models of equal weights.
    ///   - keeping: what must live until the last replica is gone.
    package init(
        model: String, replicas: [any ServedModel], limits: QueueLimits, metrics: ServiceMetrics,
        clock: MonotonicClock = .system, keeping: (any Sendable)? = nil
    ) {
        precondition(!replicas.isEmpty, "A queue has a replica.")
        self.model = model
        self.replicas = replicas
        kept = keeping
        self.limits = limits
        self.metrics = metrics
        self.clock = clock
        state = Mutex(QueueState(limits: limits, replicas: replicas.count))
        metrics.follow(self)
    }

    deinit { state.withLock { $0.alarm?.task.cancel() } }

    /// Asks the model; see `ModelLease.answer`.
    package func answer(
        _ request: ModelRequest, priority: Priority, client: String, deadline: ContinuousClock.Instant
    ) async throws -> ModelAnswer {
        let works = try split(request).map { WaitingPart.Work.answer($0) }
        let ticket = Ticket(priority: priority, client: client, deadline: deadline)
        guard case .answer(let answer) = try await wait(ticket, for: works) else {
            throw WorkResult.wrongAnswer("pictures")
        }
        return answer
    }

    /// Asks for an explanation; see `ModelLease.explain`.
    package func explain(
        _ input: any PreparedInput, classIndex: Int, priority: Priority, client: String,
        deadline: ContinuousClock.Instant
    ) async throws -> ExplanationImages {
        let ticket = Ticket(priority: priority, client: client, deadline: deadline)
        guard case .explanation(let images) = try await wait(ticket, for: [.explain(input, classIndex: classIndex)])
        else { throw WorkResult.wrongAnswer("numbers") }
        return images
    }

    /// The queue at this moment.
    package func reading() -> QueueReading {
        let now = clock.now()
        return state.withLock { $0.reading(now) }
    }

    /// Cuts a request into parts that fit into a pass; a case's images stay together.
    private func split(_ request: ModelRequest) throws -> [ModelRequest] {
        let rows = request.inputs.count
        guard rows > 0 else {
            throw CutisError(.requestInvalid, "The request has no image.", remedy: "Send at least one image.")
        }
        let most = request.output == .screening ? limits.maximumBatchRows : limits.maximumQueuedRows
        guard rows <= most else {
            throw CutisError(
                .tooManyImages, "The request has \(rows) images; this server takes at most \(most) at once.",
                remedy: "Send fewer images in one request.")
        }
        guard rows > limits.maximumBatchRows else { return [request] }
        return stride(from: 0, to: rows, by: limits.maximumBatchRows).map { start in
            let end = min(start + limits.maximumBatchRows, rows)
            return ModelRequest(request.output, inputs: Array(request.inputs[start..<end]))
        }
    }

    private func wait(_ ticket: Ticket, for works: [WaitingPart.Work]) async throws -> WorkResult {
        do {
            return try await withTaskCancellationHandler {
                try await withCheckedThrowingContinuation { submit(ticket, works, $0) }
            } onCancel: {
                settle { state, _ in state.end(ticket, with: .failure(CancellationError())) }
            }
        } catch let refusal as ServiceRefusal {
            metrics.refused(refusal.error.code)
            throw refusal
        }
    }

    private func submit(
        _ ticket: Ticket, _ works: [WaitingPart.Work], _ continuation: CheckedContinuation<WorkResult, any Error>
    ) {
        settle { state, now in
            if ticket.isOver {
                continuation.resume(throwing: CancellationError())
            } else {
                ticket.begin(continuation, parts: works.count)
                state.submit(
                    ticket, works.enumerated().map { WaitingPart(ticket: ticket, index: $0, work: $1, enqueued: now) },
                    now)
            }
        }
    }

    /// Changes the state, sends what can go now, and wakes whom the change concerns once the lock is free.
    ///
    /// - Parameter freed: the replica that the caller has just given back.
    /// - Returns: the batch that goes to that replica, for the caller to serve.
    @discardableResult
    func settle(freed: Int? = nil, _ change: (inout QueueState, ContinuousClock.Instant) -> Void) -> Batch? {
        let now = clock.now()
        let (woken, batches) = state.withLock { state in
            change(&state, now)
            let batches = state.dispatch(now, freed: freed)
            if let time = state.wakeTime, state.alarm.map({ time < $0.time }) ?? true {
                state.alarm?.task.cancel()
                state.alarm = (time, alarm(time))
            }
            return (state.takeWoken(), batches)
        }
        var own: Batch?
        for batch in batches {
            if batch.replica == freed {
                own = batch
            } else {
                Task.detached(priority: .userInitiated) { await self.serve(batch) }
            }
        }
        for resumption in woken { resumption() }
        return own
    }

    /// Looks after deadlines and the longest wait at a time, unless an earlier alarm takes its place.
    private func alarm(_ time: ContinuousClock.Instant) -> Task<Void, Never> {
        Task.detached(priority: .userInitiated) { [weak self, clock] in
            do { try await clock.sleep(time) } catch { return }
            self?.settle { state, now in
                state.alarm = nil
                state.expire(now)
            }
        }
    }
}
