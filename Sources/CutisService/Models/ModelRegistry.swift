import CutisCore
public import CutisMonitoring
public import Foundation

/// The models of a server: loads bundles within a memory budget, says which one answers, and swaps them while they
/// answer.
///
/// Requests take a `ModelLease`. A model that is replaced takes no new leases; it goes, and its memory with it, when
/// its last lease ends, so no request ever fails for a swap. Loading, activating and unloading happen one at a time,
/// in the order in which they were asked for.
public actor ModelRegistry {
    private let loader: any ModelLoading
    private let limits: ModelLimits
    private let metrics: ServiceMetrics
    private let clock: MonotonicClock
    private let record: @Sendable (ModelEvent) async throws -> Void
    private let preparation: ImagePreparation
    private let ledger: MemoryLedger
    private var slots: [ModelIdentity: ModelSlot] = [:]
    private var defaults: [ModelFacts.Task: ModelIdentity] = [:]
    private var draining: [WeakSlot] = []
    private var loading: URL?
    private var changing = false
    private var changes: [CheckedContinuation<Void, Never>] = []

    private struct WeakSlot {
        weak var slot: ModelSlot?
    }

    /// Makes a registry without models.
    ///
    /// - Parameters:
    ///   - loader: loads bundles and checks their golden cases.
    ///   - limits: memory, replicas, queues.
    ///   - metrics: where all is counted.
    ///   - clock: by which queues tell the time.
    ///   - record: writes the history of what was in production. It is awaited before a model is activated or
    ///     unloaded: when it throws, nothing changes.
    public init(
        loader: any ModelLoading, limits: ModelLimits, metrics: ServiceMetrics, clock: MonotonicClock = .system,
        record: @escaping @Sendable (ModelEvent) async throws -> Void = { _ in }
    ) {
        self.loader = loader
        self.limits = limits
        self.metrics = metrics
        self.clock = clock
        self.record = record
        preparation = ImagePreparation(limits: limits.preparation, metrics: metrics, clock: clock)
        ledger = MemoryLedger(budget: limits.memoryBytes)
        let ledger = ledger
        metrics.registry.collect("cutis_models_memory_bytes", help: "Memory of the loaded models by their estimate.") {
            [(labels: [], value: Double(ledger.budget - ledger.free))]
        }
        metrics.registry.collect("cutis_models_memory_limit_bytes", help: "Memory that models may take together.") {
            [(labels: [], value: Double(ledger.budget))]
        }
    }

    // MARK: Changes

    /// Runs work on an image that no model needs, within the limits of decoding.
    ///
    /// - Throws: as `ImagePreparation.run`.
    func beside<Result: Sendable>(
        _ data: Data, _ body: @Sendable () async throws -> Result
    ) async throws -> Result {
        try await preparation.run(data, body)
    }

    /// Loads a bundle and has it reproduce its golden case; it then answers requests that name it.
    ///
    /// A bundle that is loaded already, of the same hash, is left as it is.
    ///
    /// - Parameter userID: who asks for it, for the history.
    /// - Throws: `ServiceRefusal(.modelUnavailable)` over the memory budget; `CutisError` as `ModelLoading.load`, such
    ///   as `.goldenMismatch`; `.conflict` when another bundle of the same name and version is loaded.
    public func load(_ bundle: URL, by userID: String = "system") async throws -> ModelFacts {
        try await change {
            do {
                return try await self.loadNow(bundle, by: userID)
            } catch {
                let refused = ModelEvent(
                    kind: .refused, facts: nil, bundle: bundle.path, userID: userID,
                    error: error as? CutisError ?? (error as? ServiceRefusal)?.error)
                self.metrics.changed(refused)
                try? await self.record(refused)
                throw error
            }
        }
    }

    /// Makes a loaded model its task's default: new requests go to it, those that have begun end where they began.
    ///
    /// A default of the same name and another version is unloaded by that, unless it is to be kept; a default of
    /// another name stays loaded.
    ///
    /// - Parameters:
    ///   - keepingPrevious: keeps the former version loaded, for a way back at once.
    ///   - userID: who asks for it, for the history.
    /// - Throws: `CutisError(.notFound)` when it is not loaded; what the history throws.
    public func activate(
        _ id: String, version: String, keepingPrevious: Bool = false, by userID: String = "system"
    ) async throws {
        try await change {
            let slot = try self.slot(id, version)
            let task = slot.facts.task
            let former = self.defaults[task]
            guard former != slot.facts.identity else { return }
            try await self.record(self.event(.activated, slot, by: userID))
            self.defaults[task] = slot.facts.identity
            self.metrics.changed(self.event(.activated, slot, by: userID))
            if let former, former.id == id, !keepingPrevious, let old = self.slots[former] {
                try await self.retire(old, by: userID)
            }
        }
    }

    /// Takes a model out of service: it answers the requests that hold it and goes.
    ///
    /// - Parameter userID: who asks for it, for the history.
    /// - Throws: `CutisError(.notFound)` when it is not loaded, `.conflict` when it is its task's default; what the
    ///   history throws.
    public func unload(_ id: String, version: String, by userID: String = "system") async throws {
        try await change {
            let slot = try self.slot(id, version)
            guard self.defaults[slot.facts.task] != slot.facts.identity else {
                throw CutisError(
                    .conflict, "\(slot.facts.identity.text) answers all \(slot.facts.task.rawValue) requests.",
                    remedy: "Activate another model for \(slot.facts.task.rawValue) first.")
            }
            try await self.retire(slot, by: userID)
        }
    }

    // MARK: Use

    /// A model for one request; it stays loaded until the lease is dropped.
    ///
    /// Without a name, the task's default answers. Where no model embeds, the default classifier does, since every
    /// classifier has features.
    ///
    /// - Throws: `CutisError(.notFound)` when a model is named that is not loaded, or none is active for the task
    ///   though one is for another; `ServiceRefusal(.modelUnavailable)` when none is active at all, since the server is
    ///   not ready then and waiting may help.
    public func lease(
        task: ModelFacts.Task, model: String? = nil, version: String? = nil
    ) throws -> ModelLease {
        if let slot = find(task, model, version) { return slot.lease() }
        let remedy = "Ask for one of: \(names(task)); or have the administrator load it."
        guard let model else {
            let message = "No model is active for \(task.rawValue)."
            guard defaults.isEmpty else { throw CutisError(.notFound, message, remedy: remedy) }
            throw ServiceRefusal(CutisError(.modelUnavailable, message, remedy: remedy), retryAfter: nil)
        }
        throw CutisError(
            .notFound, "No model \(model)\(version.map { " \($0)" } ?? "") is loaded for \(task.rawValue).",
            remedy: remedy)
    }

    /// All models that are loaded, by name and version; those that are going come last.
    public func models() -> [ModelStatus] {
        let live = slots.values.sorted {
            ($0.facts.identity.id, $0.facts.identity.version) < ($1.facts.identity.id, $1.facts.identity.version)
        }
        draining.removeAll { $0.slot == nil }
        return live.map { status($0, defaults[$0.facts.task] == $0.facts.identity ? .active : .ready) }
            + draining.compactMap(\.slot).map { status($0, .draining) }
    }

    /// The bundle that is being loaded now, if one is.
    public func bundleBeingLoaded() -> URL? { loading }

    /// Which model answers each task's requests that name none.
    public func activeModels() -> [ModelFacts.Task: ModelFacts] {
        defaults.compactMapValues { slots[$0]?.facts }
    }

    private func find(_ task: ModelFacts.Task, _ model: String?, _ version: String?) -> ModelSlot? {
        guard let model else {
            if let chosen = defaults[task] { return slots[chosen] }
            return defaults[.classification].flatMap { slots[$0] }.flatMap { $0.serves(task) ? $0 : nil }
        }
        if let version {
            return slots[ModelIdentity(id: model, version: version)].flatMap { $0.serves(task) ? $0 : nil }
        }
        // Without a version: the default if it bears the name, else the newest that was loaded under it.
        if let chosen = defaults.values.first(where: { $0.id == model }), let slot = slots[chosen], slot.serves(task) {
            return slot
        }
        return slots.values.filter { $0.facts.identity.id == model && $0.serves(task) }
            .max {
                $0.facts.identity.version.compare($1.facts.identity.version, options: .numeric) == .orderedAscending
            }
    }

    // MARK: Within a change

    private func loadNow(_ bundle: URL, by userID: String) async throws -> ModelFacts {
        loading = bundle
        defer { loading = nil }
        let loader = loader
        let replicas = limits.replicas
        // Reading a manifest may take a while; the registry gives out leases meanwhile.
        let each = try await Task.detached { try loader.memoryEstimate(bundle) }.value
        let need = each.multipliedReportingOverflow(by: replicas)
        let reservation = try await reserve(need.overflow ? .max : need.partialValue, for: bundle, by: userID)
        let models = try await loader.load(bundle, replicas: replicas)
        guard let facts = models.first?.facts else {
            throw CutisError(
                .internalFailure, "Loading \(bundle.path) gave no replica.",
                remedy: "Report this with the bundle's name and version.")
        }
        let identity = facts.identity
        if let known = slots[identity] {
            guard known.facts.hash != facts.hash else { return known.facts }
            throw CutisError(
                .conflict, "Another bundle of \(identity.text) is loaded, with the hash \(known.facts.hash).",
                remedy: "Give the new bundle a version of its own, or unload the other one first.")
        }
        let slot = ModelSlot(
            facts: facts, bundle: bundle.path,
            queue: InferenceQueue(
                model: identity.id, replicas: models, limits: limits.queue, metrics: metrics, clock: clock,
                keeping: reservation),
            preparation: preparation, memoryBytes: need.partialValue, clock: clock)
        try await record(event(.loaded, slot, by: userID))
        metrics.changed(event(.loaded, slot, by: userID))
        let released = ModelEvent(kind: .released, facts: facts, bundle: bundle.path, userID: userID, error: nil)
        reservation.whenReleased { [metrics] in
            loader.released()
            metrics.changed(released)
        }
        slots[identity] = slot
        return facts
    }

    /// Takes a model out of the table; its leases alone hold it then.
    private func retire(_ slot: ModelSlot, by userID: String) async throws {
        try await record(event(.unloaded, slot, by: userID))
        slots[slot.facts.identity] = nil
        draining.removeAll { $0.slot == nil }
        draining.append(WeakSlot(slot: slot))
        metrics.changed(event(.unloaded, slot, by: userID))
    }

    /// Finds memory for a model: what is free, what models that are going give back, what idle ones can give.
    private func reserve(_ bytes: Int, for bundle: URL, by userID: String) async throws -> MemoryReservation {
        let end = clock.now() + limits.drainTime
        while ledger.free < bytes {
            draining.removeAll { $0.slot == nil }
            let going = ledger.budget - ledger.free - slots.values.reduce(0) { $0 + $1.memoryBytes }
            if ledger.free + going >= bytes, clock.now() < end {
                try await clock.sleep(clock.now() + .milliseconds(5))
                continue
            }
            let idle = limits.unloadsIdleModels ? idleSlots() : []
            guard ledger.free + going + idle.reduce(0, { $0 + $1.memoryBytes }) >= bytes, let oldest = idle.first else {
                throw overBudget(bytes, bundle)
            }
            try await retire(oldest, by: userID)
        }
        return ledger.reserve(bytes)
    }

    /// The models that no request holds and no task has as its default, the longest unused first.
    private func idleSlots() -> [ModelSlot] {
        slots.values
            .filter { defaults[$0.facts.task] != $0.facts.identity && $0.leaseCount == 0 }
            .sorted { $0.lastUsed < $1.lastUsed }
    }

    private func overBudget(_ bytes: Int, _ bundle: URL) -> ServiceRefusal {
        let loaded = models().map { "\($0.facts.identity.text) (\($0.memoryBytes.megabytes), \($0.state.rawValue))" }
        return ServiceRefusal(
            CutisError(
                .modelUnavailable,
                "\(bundle.lastPathComponent) needs about \(bytes.megabytes) of memory, models may take "
                    + "\(limits.memoryBytes.megabytes) together, and loaded are: "
                    + (loaded.isEmpty ? "none." : loaded.joined(separator: ", ") + "."),
                remedy: "Unload a model, use fewer replicas or a smaller precision, or raise the memory limit."),
            retryAfter: nil)
    }

    /// Runs one change at a time.
    private func change<Result: Sendable>(
        _ body: () async throws -> Result
    ) async throws -> Result {
        if changing {
            await withCheckedContinuation { changes.append($0) }
        }
        changing = true
        defer {
            if changes.isEmpty { changing = false } else { changes.removeFirst().resume() }
        }
        return try await body()
    }

    private func slot(_ id: String, _ version: String) throws -> ModelSlot {
        let identity = ModelIdentity(id: id, version: version)
        guard let slot = slots[identity] else {
            throw CutisError(
                .notFound, "\(identity.text) is not loaded.", remedy: "Load its bundle first, or name another model.")
        }
        return slot
    }

    private func event(_ kind: ModelEvent.Kind, _ slot: ModelSlot, by userID: String) -> ModelEvent {
        ModelEvent(kind: kind, facts: slot.facts, bundle: slot.bundle, userID: userID, error: nil)
    }

    private func status(_ slot: ModelSlot, _ state: ModelState) -> ModelStatus {
        ModelStatus(
            facts: slot.facts, state: state, replicas: slot.queue.replicas.count, memoryBytes: slot.memoryBytes,
            leases: slot.leaseCount, served: slot.servedCount, queue: slot.queue.reading())
    }

    private func names(_ task: ModelFacts.Task) -> String {
        let names = slots.values.filter { $0.serves(task) }.map(\.facts.identity.text).sorted()
        return names.isEmpty ? "none" : names.joined(separator: ", ")
    }
}

extension ModelSlot {
    /// Whether the model answers requests of a task; a classifier with features embeds too.
    fileprivate func serves(_ task: ModelFacts.Task) -> Bool {
        facts.task == task
            || (task == .embedding && facts.task == .classification && facts.embeddingWidth > 0)
    }
}

extension ModelIdentity {
    /// Name and version for people.
    fileprivate var text: String { "\(id) \(version)" }
}

extension Int {
    /// A number of bytes for people.
    fileprivate var megabytes: String { "\((self + (1 << 20) - 1) >> 20) MiB" }
}
