import CutisCore
import CutisMonitoring
import Foundation

extension QueueState {
    /// Why a request is not taken on; nil when it is.
    ///
    /// - Parameter parts: the request's parts, of one kind.
    func refusal(
        _ ticket: Ticket, _ parts: [WaitingPart], _ now: ContinuousClock.Instant
    ) -> ServiceRefusal? {
        let left = now.duration(to: ticket.deadline).inSeconds
        guard left > 0 else { return .late(retryAfter: retryAfter(now)) }
        let queued = interactive.rows + batch.rows
        // An idle replica tries whatever was measured before.
        if queued == 0, !idle.isEmpty { return nil }

        let rows = parts.reduce(0) { $0 + $1.rows }
        // Whoever asks for an explanation has an answer already: the work for it would be lost.
        let isExplanation = parts.first?.kind == .explanation
        let capacity = limits.maximumQueuedRows * (isExplanation ? 2 : 1)
        guard queued + rows <= capacity else {
            return .full(queued: queued, capacity: capacity, retryAfter: retryAfter(now))
        }
        let share = Int(Double(limits.maximumQueuedRows) * limits.batchShare)
        if ticket.priority == .batch, !batch.isEmpty, batch.rows + rows > share {
            return .full(queued: batch.rows, capacity: share, retryAfter: retryAfter(now))
        }
        let expected = (wait(for: ticket, rows: rows, now) + time(Backlog(parts))) * timing.margin
        guard expected <= left else {
            return .tooSlow(expected: expected, left: left, retryAfter: seconds(expected - left))
        }
        return nil
    }

    /// In how many seconds all that is there now will be done: rows ahead × measured time of a row.
    func retryAfter(_ now: ContinuousClock.Instant) -> Int {
        seconds(runningTime(now) + time(interactive.backlog + batch.backlog) / Double(replicas))
    }

    /// How long a request will wait until its own images begin, by what was measured.
    private func wait(for ticket: Ticket, rows: Int, _ now: ContinuousClock.Instant) -> Double {
        var before: Backlog
        switch ticket.priority {
        case .interactive:
            before = interactive.before(client: ticket.client)
            // Aged requests of low priority take their turns.
            before.rows += min(batch.rows, (before.rows + rows) / Self.turns)
        case .batch:
            before = batch.before(client: ticket.client) + interactive.backlog
        }
        return runningTime(now) + time(before) / Double(replicas)
    }

    /// How long until the replicas have done what they are at, on average.
    private func runningTime(_ now: ContinuousClock.Instant) -> Double {
        running.values.reduce(0) { sum, batch in
            let whole = time(Backlog(batch.parts))
            return sum + max(0, whole - batch.began.duration(to: now).inSeconds)
        } / Double(replicas)
    }

    private func time(_ work: Backlog) -> Double {
        timing.passes(rows: work.rows, batch: limits.maximumBatchRows)
            + Double(work.explanations) * explanationTiming.pass(rows: 1)
    }

    private func seconds(_ time: Double) -> Int { max(1, Int(min(time, 86_400).rounded(.up))) }
}

extension ServiceRefusal {
    static func full(queued: Int, capacity: Int, retryAfter: Int) -> ServiceRefusal {
        ServiceRefusal(
            CutisError(
                .overloaded, "The model has \(queued) of at most \(capacity) images waiting.",
                remedy: "Send the request again in \(retryAfter) s."),
            retryAfter: retryAfter)
    }

    static func tooSlow(expected: Double, left: Double, retryAfter: Int) -> ServiceRefusal {
        func text(_ seconds: Double) -> String { String(format: "%.1f s", seconds) }
        return ServiceRefusal(
            CutisError(
                .overloaded,
                "An answer would take about \(text(expected)), but the request leaves \(text(left)).",
                remedy: "Send the request again in \(retryAfter) s, or allow more time."),
            retryAfter: retryAfter)
    }

    static func late(retryAfter: Int) -> ServiceRefusal {
        ServiceRefusal(
            CutisError(
                .deadlineExceeded, "The request's time was over before the model could answer.",
                remedy: "Send the request again in \(retryAfter) s, or allow more time."),
            retryAfter: retryAfter)
    }
}
