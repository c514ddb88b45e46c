extension QueueState {
    /// Takes the batches that can go now.
    ///
    /// - Parameter freed: the replica that has just become free, for the reason that is counted.
    mutating func dispatch(_ now: ContinuousClock.Instant, freed: Int?) -> [Batch] {
        if let nextDeadline, nextDeadline <= now { expire(now) }
        var batches: [Batch] = []
        while !idle.isEmpty {
            dropHopeless(now)
            guard let parts = compose(now), let replica = idle.popLast() else { break }
            let rows = parts.reduce(0) { $0 + $1.rows }
            let reason: DispatchReason =
                if rows >= limits.maximumBatchRows {
                    .full
                } else if limits.maximumDelay > .zero {
                    .delay
                } else {
                    replica == freed ? .drain : .idle
                }
            let batch = Batch(replica: replica, parts: parts, reason: reason, began: now)
            running[replica] = batch
            batches.append(batch)
        }
        return batches
    }

    /// The next images for a replica: of one kind, urgent ones first, each priority in its fair order.
    ///
    /// What does not fit is left for the next batch, whose first it then is.
    private mutating func compose(_ now: ContinuousClock.Instant) -> [WaitingPart]? {
        guard let oldest = oldestWaiting else { return nil }
        let isFull = interactive.rows + batch.rows >= limits.maximumBatchRows
        if limits.maximumDelay > .zero, !isFull, oldest + limits.maximumDelay > now { return nil }
        var load = Load(room: limits.maximumBatchRows)
        let hasAged = batch.oldest.map { $0 + limits.ageing <= now } ?? false
        if hasAged, !interactive.isEmpty, let place = batch.placeOfOldest {
            let price = Self.turns * batch.parts[place].rows
            if credit >= price {
                credit -= price
                load.add(batch.take(at: place))
            }
        }
        let urgent = load.fill(from: &interactive)
        credit = hasAged ? min(credit + urgent, Self.turns * limits.maximumBatchRows) : 0
        load.fill(from: &batch)
        return load.parts
    }

    /// Refuses what has waited so long that its answer would come too late, so that no pass is spent on it.
    ///
    /// What has just come is tried whatever was measured before: a machine that was slow for a while would otherwise
    /// never learn that it is fast again.
    private mutating func dropHopeless(_ now: ContinuousClock.Instant) {
        guard timing.isKnown else { return }
        var hopeless: [Ticket] = []
        for part in interactive.parts + batch.parts where part.enqueued < now && part.kind != .explanation {
            let end = now + .seconds(timing.pass(rows: part.rows))
            if end > part.ticket.deadline { hopeless.append(part.ticket) }
        }
        for ticket in hopeless where !ticket.isOver {
            end(ticket, with: .failure(ServiceRefusal.late(retryAfter: retryAfter(now))))
        }
    }
}

/// A batch in the making.
private struct Load {
    var room: Int
    var parts: [WaitingPart] = []

    mutating func add(_ part: WaitingPart) {
        parts.append(part)
        room = part.kind == .explanation ? 0 : room - part.rows
    }

    /// Takes what fits, and says how many images that was.
    @discardableResult
    mutating func fill(from lane: inout WaitingLane) -> Int {
        let before = lane.rows
        var place = 0
        while room > 0, place < lane.parts.count {
            let next = lane.parts[place]
            let joins = parts.first.map { $0.kind == next.kind && next.kind != .explanation } ?? true
            if joins, next.rows <= room {
                add(lane.take(at: place))
            } else {
                place += 1
            }
        }
        return before - lane.rows
    }
}
