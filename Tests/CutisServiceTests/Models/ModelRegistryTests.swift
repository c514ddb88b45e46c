import CutisCore
import CutisMonitoring
import CutisService
import Foundation
import Synchronization
import Testing

@Suite struct ModelRegistryTests {
    private let loader = ScriptedLoader()
    private let log = EventLog()

    @Test func withoutAModelEveryLeaseIsRefusedWithWhatIsThere() async throws {
        let registry = ModelRegistry(loader)
        let empty = await refusal { try await registry.lease(task: .classification) }
        #expect(empty?.error.code == .modelUnavailable)
        _ = try await registry.load(ScriptedLoader.url("derm@1.0.0"))
        // Loaded, but not active: only who names it gets it.
        let unnamed = await refusal { try await registry.lease(task: .classification) }
        #expect(unnamed?.error.remedy.contains("derm 1.0.0") == true)
        let named = try await registry.lease(task: .classification, model: "derm")
        #expect(try await named.ask(7) == [7])
    }

    /// A server without a screening model is whole: it does not screen, and waiting changes nothing.
    @Test func aTaskThatNoModelServesIsNotFoundWhereAnotherIsServed() async throws {
        let registry = ModelRegistry(loader)
        try await registry.use("derm@1.0.0")
        let error = await #expect(throws: CutisError.self) { try await registry.lease(task: .screening) }
        #expect(error?.code == .notFound)
        #expect(error?.message.contains("screening") == true)
    }

    /// Waiting does not bring a model that somebody names wrongly: that is no failure of the server.
    @Test func aNamedModelThatIsNotLoadedIsNotFound() async throws {
        let registry = ModelRegistry(loader)
        try await registry.use("derm@1.0.0")
        let wrong: [(ModelFacts.Task, String, String?)] = [
            (.screening, "derm", nil), (.classification, "mole", nil), (.classification, "derm", "2.0.0"),
        ]
        for (task, model, version) in wrong {
            do {
                _ = try await registry.lease(task: task, model: model, version: version)
                Issue.record("\(model) answers")
            } catch {
                let error = try #require(error as? CutisError)
                #expect(error.code == .notFound)
                #expect(error.remedy.contains(task == .screening ? "none" : "derm 1.0.0"))
            }
        }
    }

    @Test func anActiveModelAnswersAndIsListed() async throws {
        let metrics = ServiceMetrics()
        let registry = ModelRegistry(loader, replicas: 2, metrics: metrics, log: log)
        try await registry.use("derm@1.0.0")
        try await registry.use("lesion@2.0.0")
        #expect(await registry.states() == ["derm@1.0.0 ready", "lesion@2.0.0 active"])
        do {
            let lease = try await registry.lease(task: .classification)
            #expect(lease.facts.identity.id == "lesion")
            #expect(await registry.models().map(\.leases) == [0, 1])
            let input = try await lease.prepare(Data("5".utf8), name: "image 1", keepsPicture: false)
            let answer = try await lease.answer(
                ModelRequest(.classes, inputs: [input]), priority: .interactive, deadline: .now + .seconds(60))
            #expect(answer.numbers == [5])
            #expect(try await lease.explain(input, classIndex: 3).overlay == Data([3]))
        }
        #expect(await registry.models().map(\.leases) == [0, 0])
        #expect(await registry.models().map(\.served) == [0, 1])
        #expect(await registry.models().map(\.memoryBytes) == [200, 200])
        #expect(await registry.activeModels()[.classification]?.identity.id == "lesion")
        let text = metrics.registry.exposition(.prometheus)
        #expect(
            text.contains(
                "cutis_model_info{model=\"derm\",version=\"1.0.0\",sha256=\"00\",precision=\"float32\"} 1.0"))
        #expect(text.contains("cutis_models_memory_bytes 400.0"))
    }

    @Test func aNewVersionTakesOverAndTheOldOneEndsWhatItHas() async throws {
        let gate = Gate()
        loader.set("derm@1.0.0", .init(script: { _ in await gate.pass() }))
        let metrics = ServiceMetrics()
        let registry = ModelRegistry(loader, metrics: metrics, log: log)
        try await registry.use("derm@1.0.0")
        let asked = Task { try await registry.lease(task: .classification).ask(1) }
        try await eventually("the first request") { await registry.models().first?.queue.runningRows == 1 }

        try await registry.use("derm@2.0.0")
        #expect(await registry.states() == ["derm@2.0.0 active", "derm@1.0.0 draining"])
        #expect(loader.living == 2)
        #expect(try await registry.lease(task: .classification).facts.identity.version == "2.0.0")

        gate.open()
        #expect(try await asked.value == [1])
        try await eventually("the old model's end") { loader.living == 1 }
        #expect(await registry.states() == ["derm@2.0.0 active"])
        #expect(
            log.all == [
                "loaded derm@1.0.0 by admin", "activated derm@1.0.0 by admin", "loaded derm@2.0.0 by admin",
                "activated derm@2.0.0 by admin", "unloaded derm@1.0.0 by admin",
            ])
        let text = metrics.registry.exposition(.prometheus)
        #expect(text.contains("cutis_model_changes_total{event=\"released\"} 1.0"))
        #expect(!text.contains("version=\"1.0.0\""))
    }

    @Test func theFormerVersionCanBeKeptForAWayBack() async throws {
        let registry = ModelRegistry(loader)
        try await registry.use("derm@1.0.0")
        _ = try await registry.load(ScriptedLoader.url("derm@2.0.0"))
        try await registry.activate("derm", version: "2.0.0", keepingPrevious: true)
        #expect(await registry.states() == ["derm@1.0.0 ready", "derm@2.0.0 active"])
        try await registry.activate("derm", version: "1.0.0")
        #expect(await registry.states() == ["derm@1.0.0 active"])
    }

    @Test func aLeaseByNameAloneTakesTheDefaultOrTheNewest() async throws {
        let registry = ModelRegistry(loader)
        for name in ["derm@1.9.0", "derm@1.10.0"] { _ = try await registry.load(ScriptedLoader.url(name)) }
        #expect(try await registry.lease(task: .classification, model: "derm").facts.identity.version == "1.10.0")
        try await registry.activate("derm", version: "1.9.0")
        #expect(try await registry.lease(task: .classification, model: "derm").facts.identity.version == "1.9.0")
    }

    @Test func aClassifierEmbedsWhereNothingElseDoes() async throws {
        loader.set("features@1.0.0", .init(task: .embedding))
        let registry = ModelRegistry(loader)
        try await registry.use("derm@1.0.0")
        #expect(try await registry.lease(task: .embedding).facts.identity.id == "derm")
        try await registry.use("features@1.0.0")
        #expect(try await registry.lease(task: .embedding).facts.identity.id == "features")
        #expect(try await registry.lease(task: .embedding, model: "derm").facts.identity.id == "derm")
    }

    @Test func aBundleThatFailsItsGoldenCaseIsRefusedAndTheOldOneServes() async throws {
        let golden = CutisError(.goldenMismatch, "Another answer.", remedy: "Import it again.")
        loader.set("derm@2.0.0", .init(error: golden))
        let registry = ModelRegistry(loader, memory: 250, log: log)
        try await registry.use("derm@1.0.0")
        for _ in 0..<5 {
            await #expect(throws: golden) { try await registry.use("derm@2.0.0") }
        }
        #expect(await registry.states() == ["derm@1.0.0 active"])
        #expect(try await registry.lease(task: .classification).ask(3) == [3])
        #expect(log.all.suffix(5) == Array(repeating: "refused golden-mismatch by admin", count: 5)[...])
        // What it would have taken is free again.
        try await registry.use("derm@3.0.0")
    }

    @Test func theSameBundleTwiceIsOneAndAnotherOfItsNameIsRefused() async throws {
        let registry = ModelRegistry(loader)
        try await registry.use("derm@1.0.0")
        try await registry.use("derm@1.0.0")
        #expect(await registry.states() == ["derm@1.0.0 active"])
        #expect(loader.living == 1)
        loader.set("derm@1.0.0", .init(hash: "11"))
        do {
            try await registry.use("derm@1.0.0")
            Issue.record("no error")
        } catch { #expect((error as? CutisError)?.code == .conflict) }
    }

    @Test func unloadingIsRefusedForADefaultAndForWhatIsNotThere() async throws {
        let registry = ModelRegistry(loader)
        try await registry.use("derm@1.0.0")
        func code(_ version: String) async -> ErrorCode? {
            do {
                try await registry.unload("derm", version: version)
                return nil
            } catch { return (error as? CutisError)?.code }
        }
        #expect(await code("1.0.0") == .conflict)
        #expect(await code("2.0.0") == .notFound)
        _ = try await registry.load(ScriptedLoader.url("derm@2.0.0"))
        #expect(await code("2.0.0") == nil)
        #expect(loader.living == 1)
    }

    @Test func whatTheHistoryCannotHoldDoesNotHappen() async throws {
        let registry = ModelRegistry(loader, log: log)
        try await registry.use("derm@1.0.0")
        _ = try await registry.load(ScriptedLoader.url("derm@2.0.0"))
        let full = CutisError(.noSpaceLeft, "The disk is full.", remedy: "Make room.")
        log.failure.withLock { $0 = full }
        await #expect(throws: full) { try await registry.activate("derm", version: "2.0.0") }
        await #expect(throws: full) { try await registry.unload("derm", version: "2.0.0") }
        await #expect(throws: full) { try await registry.use("derm@3.0.0") }
        #expect(await registry.states() == ["derm@1.0.0 active", "derm@2.0.0 ready"])
    }

    private func refusal(_ body: () async throws -> ModelLease) async -> ServiceRefusal? {
        do {
            _ = try await body()
            return nil
        } catch { return error as? ServiceRefusal }
    }
}
