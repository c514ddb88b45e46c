import CutisMonitoring

/// Work that goes to a replica together.
struct Batch: Sendable {
    let replica: Int
    let parts: [WaitingPart]
    let reason: DispatchReason
    let began: ContinuousClock.Instant

    var rows: Int { parts.reduce(0) { $0 + $1.rows } }
}

/// What a queue knows, under its lock: who waits, who computes, how long it takes.
///
/// Its changes are here, what goes next in `QueueState+Dispatch`, what is refused in `QueueState+Admission`.
struct QueueState: Sendable {
    /// Of this many urgent images that go, one image of low priority that has waited long goes too.
    static let turns = 3

    let limits: QueueLimits
    var interactive = WaitingLane()
    var batch = WaitingLane()
    var tickets: [UInt64: Ticket] = [:]
    var running: [Int: Batch] = [:]
    var timing = BatchTiming()
    var explanationTiming = BatchTiming()
    var alarm: (time: ContinuousClock.Instant, task: Task<Void, Never>)?
    var idle: [Int]
    var nextDeadline: ContinuousClock.Instant?
    var woken: [Resumption] = []
    /// Urgent images that went while old ones of low priority waited.
    var credit = 0
    let replicas: Int

    init(limits: QueueLimits, replicas: Int) {
        self.limits = limits
        self.replicas = replicas
        idle = Array((0..<replicas).reversed())
    }

    /// Takes a request on, or refuses it.
    mutating func submit(_ ticket: Ticket, _ parts: [WaitingPart], _ now: ContinuousClock.Instant) {
        if let refusal = refusal(ticket, parts, now) {
            end(ticket, with: .failure(refusal))
            return
        }
        tickets[ticket.id] = ticket
        nextDeadline = nextDeadline.map { min($0, ticket.deadline) } ?? ticket.deadline
        for part in parts {
            if ticket.priority == .interactive { interactive.insert(part) } else { batch.insert(part) }
        }
    }

    /// Ends a request, whatever became of it, and takes out what still waits of it.
    mutating func end(_ ticket: Ticket, with outcome: Ticket.Outcome) {
        if let resumption = ticket.end(outcome) { woken.append(resumption) }
        guard tickets.removeValue(forKey: ticket.id) != nil else { return }
        if ticket.priority == .interactive { interactive.remove(ticket) } else { batch.remove(ticket) }
    }

    /// Hands a part's outcome to its request.
    mutating func deliver(_ outcome: Ticket.Outcome, to part: WaitingPart) {
        switch outcome {
        case .success(let result):
            guard let resumption = part.ticket.receive(result, part: part.index) else { return }
            tickets.removeValue(forKey: part.ticket.id)
            woken.append(resumption)
        case .failure: end(part.ticket, with: outcome)
        }
    }

    /// Learns what a pass took.
    mutating func measured(rows: Int, kind: WorkKind, seconds: Double) {
        if kind == .explanation {
            explanationTiming.record(rows: 1, seconds: seconds)
        } else {
            timing.record(rows: rows, seconds: seconds)
        }
    }

    /// A replica is free again.
    mutating func finished(_ batch: Batch) {
        running[batch.replica] = nil
        idle.append(batch.replica)
    }

    /// Ends all requests whose deadline is over.
    mutating func expire(_ now: ContinuousClock.Instant) {
        for ticket in tickets.values where ticket.deadline <= now {
            end(ticket, with: .failure(ServiceRefusal.late(retryAfter: retryAfter(now))))
        }
        nextDeadline = tickets.values.lazy.map(\.deadline).min()
    }

    /// The requests to wake, once.
    mutating func takeWoken() -> [Resumption] {
        defer { woken.removeAll() }
        return woken
    }

    /// When something must be looked after: the earliest deadline, or the end of the longest wait for more images.
    ///
    /// It may be too early, when the request of the earliest deadline is gone, but never too late.
    var wakeTime: ContinuousClock.Instant? {
        guard limits.maximumDelay > .zero, !idle.isEmpty, let oldest = oldestWaiting else { return nextDeadline }
        let end = oldest + limits.maximumDelay
        return nextDeadline.map { min($0, end) } ?? end
    }

    /// When the request came that has waited longest.
    var oldestWaiting: ContinuousClock.Instant? {
        guard let one = interactive.oldest else { return batch.oldest }
        return batch.oldest.map { min($0, one) } ?? one
    }

    func reading(_ now: ContinuousClock.Instant) -> QueueReading {
        QueueReading(
            rows: interactive.rows + batch.rows, runningRows: running.values.reduce(0) { $0 + $1.rows },
            oldestSeconds: oldestWaiting.map { max(0, $0.duration(to: now).inSeconds) } ?? 0,
            passSeconds: running.values.map { max(0, $0.began.duration(to: now).inSeconds) }.max() ?? 0,
            rowSeconds: timing.isKnown
                ? timing.pass(rows: limits.maximumBatchRows) / Double(limits.maximumBatchRows) : nil)
    }
}
