import CutisCore
import CutisMonitoring
import CutisService
import Foundation
import Testing

/// A queue over scripted replicas, with what tests ask of it.
struct QueueBench: Sendable {
    let queue: InferenceQueue
    let models: [ScriptedModel]
    let metrics: ServiceMetrics
    let clock: MonotonicClock
    /// What replicas wait for before they answer.
    let gate = Gate()

    var model: ScriptedModel { models[0] }

    init(
        _ limits: QueueLimits = QueueLimits(), replicas: Int = 1, clock: MonotonicClock = .system, gated: Bool = true,
        script: @escaping ScriptedModel.Script = { _ in }
    ) {
        let gate = gate
        models = (0..<replicas).map { _ in
            ScriptedModel(script: { numbers in
                if gated { await gate.pass() }
                try await script(numbers)
            })
        }
        metrics = ServiceMetrics(clock: clock)
        self.clock = clock
        queue = InferenceQueue(model: "scripted", replicas: models, limits: limits, metrics: metrics, clock: clock)
    }

    /// Sends a request, and returns once the queue has it.
    func send(
        _ request: ModelRequest, _ priority: Priority = .interactive, client: String = "",
        within: Duration = .seconds(60)
    ) async throws -> Task<ModelAnswer, any Error> {
        let before = load
        let task = Task {
            try await queue.answer(
                request, priority: priority, client: client, deadline: clock.now() + within)
        }
        try await eventually("the queue's taking a request on") { load == before + request.inputs.count }
        return task
    }

    /// Sends a request and waits for its answer.
    func ask(
        _ request: ModelRequest, _ priority: Priority = .interactive, client: String = "",
        within: Duration = .seconds(60)
    ) async throws -> ModelAnswer {
        try await queue.answer(request, priority: priority, client: client, deadline: clock.now() + within)
    }

    /// The refusal of a request that must be refused.
    func refusal(
        _ request: ModelRequest, _ priority: Priority = .interactive, within: Duration = .seconds(60)
    ) async -> ServiceRefusal? {
        do {
            _ = try await ask(request, priority, within: within)
            return nil
        } catch { return error as? ServiceRefusal }
    }

    /// Waits until no replica computes.
    func rest() async throws {
        try await eventually("the end of the last pass") { queue.reading().runningRows == 0 }
    }

    /// Sends one number and lets it occupy the replica until the gate opens.
    func occupy(_ number: Int = 0, within: Duration = .seconds(60)) async throws -> Task<ModelAnswer, any Error> {
        let passes = models.reduce(0) { $0 + $1.passes.count }
        let task = try await send(.classes(number), within: within)
        try await eventually("the first pass") { models.reduce(0) { $0 + $1.passes.count } == passes + 1 }
        return task
    }

    /// Images that wait or are in a replica.
    private var load: Int {
        let reading = queue.reading()
        return reading.rows + reading.runningRows
    }

    /// A counter's value in the metrics' text.
    func metric(_ series: String) -> Double? {
        metrics.registry.exposition(.prometheus).split(separator: "\n")
            .first { $0.hasPrefix(series + " ") }.flatMap { Double($0.dropFirst(series.count + 1)) }
    }
}

/// The refusal of a request that must be refused.
func refusal(_ task: Task<ModelAnswer, any Error>) async -> ServiceRefusal? {
    do {
        _ = try await task.value
        return nil
    } catch { return error as? ServiceRefusal }
}
