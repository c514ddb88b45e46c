import CutisCore
public import CutisMonitoring
import Synchronization

/// How much one client may ask for.
public struct ClientLimits: Sendable, Hashable {
    /// Requests a second in the long run.
    public var rate: Double
    /// Requests at once after a pause.
    public var burst: Double
    /// Requests that are under way at the same time.
    public var concurrency: Int
    /// How many clients are remembered.
    public var maximumClients: Int

    /// Sets the limits; the rate is above 0, the others are at least 1.
    public init(rate: Double = 20, burst: Double = 40, concurrency: Int = 32, maximumClients: Int = 10_000) {
        self.rate = max(rate, 1e-6)
        self.burst = max(burst, 1)
        self.concurrency = max(concurrency, 1)
        self.maximumClients = max(maximumClients, 1)
    }
}

/// Lets each client ask for so much and no more: a token bucket and a number of requests under way.
///
/// Clients that were forgotten begin with a full bucket, so only those that are forgotten that have one, or that were
/// not seen for longest; a client with a request under way is never forgotten.
public final class AdmissionController: Sendable {
    fileprivate struct Client: Sendable {
        var tokens: Double
        var filled: ContinuousClock.Instant
        var underWay = 0
    }

    private let limits: ClientLimits
    private let metrics: ServiceMetrics?
    private let clock: MonotonicClock
    private let clients = Mutex<[String: Client]>([:])

    /// Makes a controller that knows no client.
    ///
    /// - Parameters:
    ///   - metrics: where refusals are counted.
    ///   - clock: by which buckets fill; it never jumps.
    public init(limits: ClientLimits, metrics: ServiceMetrics? = nil, clock: MonotonicClock = .system) {
        self.limits = limits
        self.metrics = metrics
        self.clock = clock
    }

    /// Lets a request in.
    ///
    /// - Parameters:
    ///   - client: who asks, such as a key's id or, before anybody is known, an address.
    ///   - cost: how many tokens it takes; more than a full bucket counts as a full bucket.
    /// - Returns: a pass to keep until the request is answered.
    /// - Throws: `ServiceRefusal(.rateLimited)` with the seconds after which the request has a chance.
    public func admit(_ client: String, cost: Double = 1) throws -> AdmissionPass {
        let now = clock.now()
        let cost = min(max(cost, 0), limits.burst)
        let refusal: ServiceRefusal? = clients.withLock { clients in
            if clients[client] == nil, clients.count >= limits.maximumClients {
                forget(&clients, now)
                guard clients.count < limits.maximumClients else { return crowded() }
            }
            var one = clients[client] ?? Client(tokens: limits.burst, filled: now)
            one.fill(now, limits)
            defer { clients[client] = one }
            guard one.underWay < limits.concurrency else { return busy() }
            guard one.tokens >= cost else { return tooFast((cost - one.tokens) / limits.rate) }
            one.tokens -= cost
            one.underWay += 1
            return nil
        }
        if let refusal {
            metrics?.refused(refusal.error.code)
            throw refusal
        }
        return AdmissionPass { [weak self] in self?.leave(client) }
    }

    /// How many clients are remembered.
    package var clientCount: Int { clients.withLock { $0.count } }

    private func leave(_ client: String) {
        clients.withLock { $0[client]?.underWay -= 1 }
    }

    /// Forgets who may be forgotten without a difference, and else a quarter of those that are idle.
    private func forget(_ clients: inout [String: Client], _ now: ContinuousClock.Instant) {
        clients = clients.filter { _, client in
            var client = client
            client.fill(now, limits)
            return client.underWay > 0 || client.tokens < limits.burst
        }
        guard clients.count >= limits.maximumClients else { return }
        let idle = clients.filter { $0.value.underWay == 0 }.sorted { $0.value.filled < $1.value.filled }
        for (client, _) in idle.prefix(max(1, idle.count / 4)) { clients[client] = nil }
    }

    private func tooFast(_ seconds: Double) -> ServiceRefusal {
        let wait = max(1, Int(seconds.rounded(.up)))
        return ServiceRefusal(
            CutisError(
                .rateLimited, "This client sends more than \(limits.rate.short) requests a second.",
                remedy: "Send the request again in \(wait) s."), retryAfter: wait)
    }

    private func busy() -> ServiceRefusal {
        ServiceRefusal(
            CutisError(
                .rateLimited, "This client has \(limits.concurrency) requests under way, as many as it may.",
                remedy: "Wait for the answer of another request first."), retryAfter: 1)
    }

    private func crowded() -> ServiceRefusal {
        ServiceRefusal(
            CutisError(
                .overloaded, "\(limits.maximumClients) clients have requests under way, as many as this server allows.",
                remedy: "Send the request again in 1 s."), retryAfter: 1)
    }
}

/// A request that was let in; its place is free again when this is gone.
public final class AdmissionPass: Sendable {
    private let end: @Sendable () -> Void

    fileprivate init(end: @escaping @Sendable () -> Void) { self.end = end }

    deinit { end() }
}

extension AdmissionController.Client {
    fileprivate mutating func fill(_ now: ContinuousClock.Instant, _ limits: ClientLimits) {
        tokens = min(limits.burst, tokens + filled.duration(to: now).inSeconds * limits.rate)
        filled = now
    }
}

extension Double {
    fileprivate var short: String { self == rounded() && abs(self) < 1e15 ? "\(Int(self))" : "\(self)" }
}
