/// What a piece of work asks of the model; pieces of one kind go through it together.
enum WorkKind: Sendable, Hashable {
    case output(ModelRequest.Output)
    /// One at a time.
    case explanation
}

/// A request, or the part of one that goes through the model together.
package struct WaitingPart: Sendable {
    package enum Work: Sendable {
        case answer(ModelRequest)
        case explain(any PreparedInput, classIndex: Int)
    }

    package let ticket: Ticket
    /// Which part of the request it is.
    let index: Int
    let work: Work
    let enqueued: ContinuousClock.Instant
    /// Its place in the fair order.
    fileprivate(set) var tag = 0.0

    package init(ticket: Ticket, index: Int, work: Work, enqueued: ContinuousClock.Instant) {
        self.ticket = ticket
        self.index = index
        self.work = work
        self.enqueued = enqueued
    }

    var rows: Int {
        switch work {
        case .answer(let request): request.inputs.count
        case .explain: 1
        }
    }

    var kind: WorkKind {
        switch work {
        case .answer(let request): .output(request.output)
        case .explain: .explanation
        }
    }
}

/// Work that waits, as far as its time can be told.
struct Backlog: Sendable, Hashable {
    /// Images for the model.
    var rows = 0
    var explanations = 0

    init(rows: Int = 0, explanations: Int = 0) {
        self.rows = rows
        self.explanations = explanations
    }

    init(_ parts: some Sequence<WaitingPart>) {
        for part in parts {
            if part.kind == .explanation { explanations += 1 } else { rows += part.rows }
        }
    }

    static func + (one: Backlog, other: Backlog) -> Backlog {
        Backlog(rows: one.rows + other.rows, explanations: one.explanations + other.explanations)
    }
}

/// The waiting requests of one priority, in an order that is fair between clients.
///
/// Start-time fair queueing (Goyal, Vin and Cheng 1996) by images: a client's next request is placed after all that
/// the client has waiting, counted in images, and beside the first ones of other clients. A client with one image
/// therefore never waits for another's two hundred; one client alone is served in the order of its requests.
package struct WaitingLane: Sendable {
    private(set) var parts: [WaitingPart] = []
    private(set) var rows = 0
    private var now = 0.0
    private var finished: [String: Double] = [:]
    private var waiting: [String: Int] = [:]

    package init() {}

    var isEmpty: Bool { parts.isEmpty }

    /// When the request came that has waited longest.
    var oldest: ContinuousClock.Instant? { parts.lazy.map(\.enqueued).min() }

    /// What goes before a client's next request, as it stands now.
    func before(client: String) -> Backlog {
        let tag = max(now, finished[client] ?? 0)
        return Backlog(parts.lazy.filter { $0.tag <= tag })
    }

    /// All that waits.
    var backlog: Backlog { Backlog(parts) }

    /// The place of the request that has waited longest.
    var placeOfOldest: Int? { parts.indices.min { parts[$0].enqueued < parts[$1].enqueued } }

    package mutating func insert(_ part: WaitingPart) {
        var part = part
        let client = part.ticket.client
        part.tag = max(now, finished[client] ?? 0)
        finished[client] = part.tag + Double(part.rows)
        waiting[client, default: 0] += 1
        rows += part.rows
        var place = parts.count
        while place > 0, parts[place - 1].tag > part.tag { place -= 1 }
        parts.insert(part, at: place)
    }

    /// Takes the request at a place; the others move up, and time in the fair order goes on.
    package mutating func take(at place: Int) -> WaitingPart {
        // Time goes on with the work that is done, not only with the tags: otherwise clients that come anew for ever
        // would overtake one that waits.
        let clients = Double(max(1, waiting.count))
        let part = remove(at: place)
        now = max(now + Double(part.rows) / clients, part.tag)
        if finished.count > 2 * waiting.count + 64 {
            finished = finished.filter { $0.value > now || waiting[$0.key] != nil }
        }
        return part
    }

    /// Takes out all parts of a request.
    mutating func remove(_ ticket: Ticket) {
        for place in parts.indices.reversed() where parts[place].ticket.id == ticket.id { _ = remove(at: place) }
    }

    private mutating func remove(at place: Int) -> WaitingPart {
        let part = parts.remove(at: place)
        rows -= part.rows
        let client = part.ticket.client
        let left = (waiting[client] ?? 1) - 1
        waiting[client] = left > 0 ? left : nil
        return part
    }
}
