import CutisCore
import CutisMonitoring
import CutisService
import Foundation
import Testing

@Suite struct ModelMemoryTests {
    private let loader = ScriptedLoader()

    @Test func aModelThatDoesNotFitIsRefusedWithTheNumbers() async throws {
        loader.set("big@1.0.0", .init(memory: 900 << 20))
        loader.set("derm@1.0.0", .init(memory: 200 << 20))
        let registry = ModelRegistry(loader, memory: 1000 << 20)
        try await registry.use("derm@1.0.0")
        do {
            try await registry.use("big@1.0.0")
            Issue.record("no error")
        } catch {
            let refusal = try #require(error as? ServiceRefusal)
            #expect(refusal.error.code == .modelUnavailable)
            for part in ["big@1.0.0", "900 MiB", "1000 MiB", "derm 1.0.0 (200 MiB, active)"] {
                #expect(refusal.error.message.contains(part), "\(refusal.error.message)")
            }
        }
        #expect(await registry.states() == ["derm@1.0.0 active"])
    }

    @Test func idleModelsMakeRoomTheLongestUnusedFirst() async throws {
        let registry = ModelRegistry(loader, memory: 300)
        try await registry.use("a@1.0.0")
        _ = try await registry.load(ScriptedLoader.url("b@1.0.0"))
        _ = try await registry.load(ScriptedLoader.url("c@1.0.0"))
        // b is the older one, but c was used before it.
        _ = try await registry.lease(task: .classification, model: "c").ask(1)
        _ = try await registry.lease(task: .classification, model: "b").ask(1)
        _ = try await registry.load(ScriptedLoader.url("d@1.0.0"))
        #expect(await registry.states() == ["a@1.0.0 active", "b@1.0.0 ready", "d@1.0.0 ready"])
        #expect(loader.living == 3)
    }

    @Test func whatIsInUseOrWhereItIsNotAllowedStays() async throws {
        let registry = ModelRegistry(loader, memory: 200)
        try await registry.use("a@1.0.0")
        _ = try await registry.load(ScriptedLoader.url("b@1.0.0"))
        let lease = try await registry.lease(task: .classification, model: "b")
        await #expect(throws: ServiceRefusal.self) { try await registry.load(ScriptedLoader.url("c@1.0.0")) }
        #expect(await registry.states() == ["a@1.0.0 active", "b@1.0.0 ready"])
        #expect(try await lease.ask(4) == [4])

        let strict = ModelRegistry(loader, memory: 200, unloadsIdleModels: false)
        try await strict.use("a@1.0.0")
        _ = try await strict.load(ScriptedLoader.url("b@1.0.0"))
        await #expect(throws: ServiceRefusal.self) { try await strict.load(ScriptedLoader.url("c@1.0.0")) }
    }

    @Test func aLoadWaitsForTheMemoryOfAModelThatIsGoing() async throws {
        let registry = ModelRegistry(loader, memory: 200)
        try await registry.use("derm@1.0.0")
        var old: ModelLease? = try await registry.lease(task: .classification)
        try await registry.use("derm@2.0.0")
        let third = Task { try await registry.load(ScriptedLoader.url("derm@3.0.0")) }
        try await Task.sleep(for: .milliseconds(30))
        #expect(loader.living == 2)
        #expect(try await old?.ask(1) == [1])
        old = nil
        #expect(try await third.value.identity.version == "3.0.0")
        #expect(loader.living == 2)

        let hurried = ModelRegistry(loader, memory: 200, drainTime: .milliseconds(20))
        try await hurried.use("derm@1.0.0")
        let kept = try await hurried.lease(task: .classification)
        try await hurried.use("derm@2.0.0")
        await #expect(throws: ServiceRefusal.self) { try await hurried.load(ScriptedLoader.url("derm@3.0.0")) }
        #expect(try await kept.ask(2) == [2])
    }

    /// 100 swaps while 16 clients ask without a pause: every request is answered, by one model from its preparation to
    /// its explanation, and no model stays behind.
    @Test func aHundredSwapsUnderLoadFailNoRequestAndLeakNoModel() async throws {
        let metrics = ServiceMetrics()
        let script: ScriptedModel.Script = { _ in try await Task.sleep(for: .microseconds(200)) }
        for swap in 0...100 { loader.set("derm@1.0.\(swap)", .init(script: script)) }
        // Room for two at a time: the one that goes must be gone before the next one comes.
        // A busy machine may take long to let the old one go.
        let registry = ModelRegistry(loader, memory: 200, drainTime: .seconds(300), metrics: metrics)
        try await registry.use("derm@1.0.0")
        let isOver = Shared(false)
        let answered = Shared(0)
        var most = 0
        try await withThrowingTaskGroup(of: Set<String>.self) { group in
            for client in 0..<16 {
                group.addTask {
                    var versions: Set<String> = []
                    while !isOver.value {
                        let lease = try await registry.lease(task: .classification)
                        let input = try await lease.prepare(Data("\(client)".utf8), name: "", keepsPicture: true)
                        let answer = try await lease.answer(
                            ModelRequest(.classes, inputs: [input]), priority: .interactive, client: "\(client)",
                            deadline: .now + .seconds(60))
                        #expect(answer.numbers == [client])
                        versions.insert(lease.facts.identity.version)
                        answered.change { $0 += 1 }
                    }
                    return versions
                }
            }
            for swap in 1...100 {
                try await registry.use("derm@1.0.\(swap)")
                most = max(most, loader.living)
            }
            isOver.change { $0 = true }
            let versions = try await group.reduce(into: Set<String>()) { $0.formUnion($1) }
            print("swaps: 100 under load, \(answered.value) requests, \(versions.count) versions")
            #expect(versions.count > 10)
        }
        try await eventually("the old models' end") { loader.living == 1 }
        #expect(most <= 2)
        #expect(await registry.states() == ["derm@1.0.100 active"])
        let text = metrics.registry.exposition(.prometheus)
        #expect(text.contains("cutis_model_changes_total{event=\"released\"} 100.0"))
        #expect(text.contains("cutis_models_memory_bytes 100.0"))
        #expect(!text.contains("cutis_requests_refused_total{"))
        withExtendedLifetime(registry) {}
    }
}
