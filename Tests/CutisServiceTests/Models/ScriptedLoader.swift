import CutisCore
import CutisService
import Foundation
import Synchronization

/// Loads "bundles" whose path says what they are: `…/NAME@VERSION`, with what the test has set for them.
final class ScriptedLoader: ModelLoading {
    struct Bundle: Sendable {
        var memory = 100
        var task = ModelFacts.Task.classification
        var hash = "00"
        var error: CutisError?
        var preparing: @Sendable () async throws -> Void = {}
        var script: ScriptedModel.Script = { _ in }
    }

    private struct WeakModel: Sendable {
        weak var model: ScriptedModel?
    }

    private let bundles = Mutex<[String: Bundle]>([:])
    private let models = Mutex<[WeakModel]>([])

    static func url(_ name: String) -> URL { URL(fileURLWithPath: "/bundles/\(name)") }

    func set(_ name: String, _ bundle: Bundle) { bundles.withLock { $0[name] = bundle } }

    /// How many replicas exist now.
    var living: Int { models.withLock { $0.count { $0.model != nil } } }

    func memoryEstimate(_ bundle: URL) throws -> Int { self[bundle].memory }

    func load(_ bundle: URL, replicas: Int) async throws -> [any ServedModel] {
        let what = self[bundle]
        // As a real loader, it takes its time.
        try await Task.sleep(for: .microseconds(100))
        if let error = what.error { throw error }
        let parts = bundle.lastPathComponent.split(separator: "@")
        let facts = ModelFacts.scripted(
            String(parts[0]), version: String(parts[1]), task: what.task, hash: what.hash, memory: what.memory)
        return (0..<replicas).map { _ in
            let model = ScriptedModel(facts, preparing: what.preparing, script: what.script)
            models.withLock { $0.append(WeakModel(model: model)) }
            return model
        }
    }

    private subscript(_ bundle: URL) -> Bundle {
        bundles.withLock { $0[bundle.lastPathComponent] ?? Bundle() }
    }
}

/// The history that a registry writes.
final class EventLog: Sendable {
    private let lines = Mutex<[String]>([])
    let failure = Mutex<CutisError?>(nil)

    var all: [String] { lines.withLock { $0 } }

    func record(_ event: ModelEvent) throws {
        if let failure = failure.withLock({ $0 }) { throw failure }
        let name = event.facts.map { "\($0.identity.id)@\($0.identity.version)" } ?? event.error?.code.rawValue ?? "?"
        lines.withLock { $0.append("\(event.kind.rawValue) \(name) by \(event.userID)") }
    }
}

extension ModelRegistry {
    init(
        _ loader: ScriptedLoader, memory: Int = 1000, replicas: Int = 1, unloadsIdleModels: Bool = true,
        drainTime: Duration = .seconds(5), metrics: ServiceMetrics = ServiceMetrics(), log: EventLog = EventLog()
    ) {
        self.init(
            loader: loader,
            limits: ModelLimits(
                memoryBytes: memory, replicas: replicas, unloadsIdleModels: unloadsIdleModels, drainTime: drainTime,
                preparation: PreparationLimits(threads: 2)),
            metrics: metrics, record: { try log.record($0) })
    }

    /// Loads and activates.
    func use(_ name: String) async throws {
        let facts = try await load(ScriptedLoader.url(name), by: "admin")
        try await activate(facts.identity.id, version: facts.identity.version, by: "admin")
    }

    /// States by name.
    func states() -> [String] {
        models().map { "\($0.facts.identity.id)@\($0.facts.identity.version) \($0.state.rawValue)" }
    }
}

extension ModelLease {
    func ask(_ number: Int) async throws -> [Int] {
        try await answer(.classes(number), priority: .interactive, deadline: .now + .seconds(60)).numbers
    }
}
