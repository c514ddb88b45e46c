import CutisCore
import CutisService
import Foundation
import Testing

@Suite struct QueueFailureTests {
    private static let error = CutisError(.computeFailed, "Thirteen.", remedy: "Take another number.")

    @Test func aBadRequestFailsAlone() async throws {
        let bench = QueueBench { numbers in
            if numbers.joined().contains(13) { throw Self.error }
        }
        let first = try await bench.occupy()
        let good = try await bench.send(.classes(1))
        let bad = try await bench.send(.classes(12, 13))
        let other = try await bench.send(.classes(2))
        bench.gate.open()
        #expect(try await [first.value.numbers, good.value.numbers, other.value.numbers] == [[0], [1], [2]])
        await #expect(throws: Self.error) { try await bad.value }
        #expect(bench.model.passes == [[[0]], [[1], [12, 13], [2]], [[1]], [[12, 13]], [[2]]])
        #expect(bench.metric("cutis_batch_dispatch_total{reason=\"retry\"}") == 3)
        #expect(bench.metric("cutis_inference_failures_total{model=\"scripted\"}") == 1)
    }

    @Test func oneFailedPartFailsTheWholeRequestOnce() async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 2), gated: false) { numbers in
            if numbers.joined().contains(3) { throw Self.error }
        }
        await #expect(throws: Self.error) {
            try await bench.ask(.classes(1, 2, 3, 4, 5, 6))
        }
        // The third part was taken out when the second failed.
        try await bench.rest()
        #expect(bench.model.numbers == [[1, 2], [3, 4]])
    }

    @Test func aModelThatDoesNotKeepToItsContractIsAnInternalFailure() async throws {
        let queue = InferenceQueue(
            model: "short", replicas: [ShortModel()], limits: QueueLimits(), metrics: ServiceMetrics())
        do {
            _ = try await queue.answer(
                .classes(1, 2), priority: .interactive, client: "", deadline: .now + .seconds(60))
            Issue.record("no error")
        } catch { #expect((error as? CutisError)?.code == .internalFailure) }
    }

    @Test func explanationsGoThroughTheQueueOneAtATime() async throws {
        let bench = QueueBench()
        let first = try await bench.occupy()
        let pictures = Task {
            try await bench.queue.explain(
                NumberInput(number: 1), classIndex: 4, priority: .interactive, client: "",
                deadline: .now + .seconds(60))
        }
        try await eventually("the explanation's waiting") { bench.queue.reading().rows == 1 }
        let other = try await bench.send(.classes(2))
        bench.gate.open()
        #expect(try await pictures.value.overlay == Data([4]))
        _ = try await (first.value, other.value)
        #expect(bench.model.numbers == [[0], [-1], [2]])
    }

    @Test func theQueueGoesWhenNothingHoldsIt() async throws {
        weak var queue: InferenceQueue?
        weak var model: ScriptedModel?
        do {
            let bench = QueueBench(gated: false)
            _ = try await bench.ask(.classes(1))
            queue = bench.queue
            model = bench.model
        }
        try await eventually("the queue's end") { queue == nil }
        let isGone = model == nil
        #expect(isGone)
    }
}

/// Answers with too few rows.
private struct ShortModel: ServedModel {
    var facts: ModelFacts { .scripted() }

    func prepare(_ data: Data, name: String, keepsPicture: Bool) async throws -> any PreparedInput {
        NumberInput(number: 0)
    }

    func answer(_ requests: [ModelRequest]) async throws -> [ModelAnswer] { requests.map { _ in .classes([[1]]) } }

    func explain(_ input: any PreparedInput, classIndex: Int) async throws -> ExplanationImages {
        ExplanationImages(overlay: Data(), map: Data(), method: "none")
    }
}
