import CutisCore
import CutisMonitoring
import CutisService
import Foundation
import Synchronization
import Testing

/// A clock that goes only when it is told to.
final class SteppedClock: Sendable {
    private struct State: Sendable {
        var now = ContinuousClock.now
        var sleepers: [(id: Int, until: ContinuousClock.Instant, wake: CheckedContinuation<Void, any Error>)] = []
        var nextID = 0
    }

    private let state = Mutex(State())

    var now: ContinuousClock.Instant { state.withLock { $0.now } }

    var clock: MonotonicClock {
        MonotonicClock(now: { self.now }, sleep: { try await self.sleep($0) })
    }

    func advance(by duration: Duration) {
        let woken = state.withLock { state in
            state.now += duration
            let due = state.sleepers.filter { $0.until <= state.now }
            state.sleepers.removeAll { $0.until <= state.now }
            return due.map(\.wake)
        }
        for wake in woken { wake.resume() }
    }

    private func sleep(_ until: ContinuousClock.Instant) async throws {
        let id = state.withLock { state in
            state.nextID += 1
            return state.nextID
        }
        try await withTaskCancellationHandler {
            try await withCheckedThrowingContinuation { wake in
                let isOver = state.withLock { state in
                    if state.now >= until || Task.isCancelled { return true }
                    state.sleepers.append((id, until, wake))
                    return false
                }
                if isOver { wake.resume() }
            }
        } onCancel: {
            let wake = state.withLock { state in
                state.sleepers.firstIndex { $0.id == id }.map { state.sleepers.remove(at: $0).wake }
            }
            wake?.resume(throwing: CancellationError())
        }
    }
}

/// A door that is opened once, or for one at a time.
final class Gate: Sendable {
    private struct State: Sendable {
        var isOpen = false
        var passes = 0
        var waiting: [CheckedContinuation<Void, Never>] = []
    }

    private let state = Mutex(State())

    func pass() async {
        await withCheckedContinuation { continuation in
            let goes = state.withLock { state in
                if state.isOpen { return true }
                if state.passes > 0 {
                    state.passes -= 1
                    return true
                }
                state.waiting.append(continuation)
                return false
            }
            if goes { continuation.resume() }
        }
    }

    func letOne() {
        let next = state.withLock { state -> CheckedContinuation<Void, Never>? in
            if state.waiting.isEmpty { state.passes += 1 }
            return state.waiting.isEmpty ? nil : state.waiting.removeFirst()
        }
        next?.resume()
    }

    func open() {
        let all = state.withLock { state in
            state.isOpen = true
            defer { state.waiting = [] }
            return state.waiting
        }
        for one in all { one.resume() }
    }
}

/// A value that several tasks change.
final class Shared<Value: Sendable>: Sendable {
    private let mutex: Mutex<Value>

    init(_ value: Value) { mutex = Mutex(value) }

    var value: Value { mutex.withLock { $0 } }

    func change(_ body: (inout Value) -> Void) { mutex.withLock { body(&$0) } }
}

/// How many are at it now, and how many were at most.
final class Occupancy: Sendable {
    private let state = Shared((now: 0, most: 0))

    var most: Int { state.value.most }

    func enter() { state.change { $0 = ($0.now + 1, max($0.most, $0.now + 1)) } }

    func leave() { state.change { $0.now -= 1 } }
}

/// Waits until something is so; a test that waits for what never comes fails after ten seconds.
func eventually(
    _ what: String, sourceLocation: SourceLocation = #_sourceLocation, _ isSo: () async -> Bool
) async throws {
    let end = ContinuousClock.now + .seconds(10)
    while await !isSo() {
        try #require(ContinuousClock.now < end, "\(what) never came", sourceLocation: sourceLocation)
        try await Task.sleep(for: .microseconds(200))
    }
}

/// An "image" that is a number.
struct NumberInput: PreparedInput {
    var number: Int
    var quality: ImageQuality { ImageQuality(findings: [], measures: [:]) }
    var size: (width: Int, height: Int) { (1, 1) }
}

/// A model that answers each number with itself, and remembers the passes that it made.
final class ScriptedModel: ServedModel {
    typealias Script = @Sendable (_ numbers: [[Int]]) async throws -> Void

    let facts: ModelFacts
    private let script: Script
    private let made = Mutex<[[[Int]]]>([])
    private let preparing: @Sendable () async throws -> Void

    init(
        _ facts: ModelFacts = .scripted(), preparing: @escaping @Sendable () async throws -> Void = {},
        script: @escaping Script = { _ in }
    ) {
        self.facts = facts
        self.preparing = preparing
        self.script = script
    }

    /// The passes: for each its requests, for each of these its numbers; −1 stands for an explanation.
    var passes: [[[Int]]] { made.withLock { $0 } }
    /// The same without the bounds of requests.
    var numbers: [[Int]] { passes.map { $0.flatMap { $0 } } }

    func prepare(_ data: Data, name: String, keepsPicture: Bool) async throws -> any PreparedInput {
        try await preparing()
        return NumberInput(number: Int(String(decoding: data, as: UTF8.self)) ?? 0)
    }

    func answer(_ requests: [ModelRequest]) async throws -> [ModelAnswer] {
        let numbers = requests.map { $0.inputs.compactMap { ($0 as? NumberInput)?.number } }
        made.withLock { $0.append(numbers) }
        try await script(numbers)
        return zip(requests, numbers).map { request, numbers in
            switch request.output {
            case .classes: .classes(numbers.map { [Double($0)] })
            case .embeddings: .embeddings(numbers.map { [Float($0)] })
            case .screening: .screening(probabilities: numbers.map(Double.init), attention: nil)
            }
        }
    }

    func explain(_ input: any PreparedInput, classIndex: Int) async throws -> ExplanationImages {
        made.withLock { $0.append([[-1]]) }
        try await script([[-1]])
        return ExplanationImages(overlay: Data([UInt8(classIndex)]), map: Data(), method: "none")
    }
}

extension ModelFacts {
    static func scripted(
        _ id: String = "scripted", version: String = "1.0.0", task: Task = .classification, hash: String = "00",
        memory: Int = 100
    ) -> ModelFacts {
        ModelFacts(
            identity: ModelIdentity(id: id, version: version), task: task, hash: hash, labels: .ham10000,
            thresholds: [:], temperature: 1, intendedUse: "Tests.", family: "none", precision: "float32",
            inputShape: [3, 1, 1], embeddingWidth: 1, memoryBytes: memory, recommendations: nil)
    }
}

extension ModelRequest {
    static func classes(_ numbers: Int...) -> ModelRequest {
        ModelRequest(.classes, inputs: numbers.map(NumberInput.init))
    }
}

extension ModelAnswer {
    /// The numbers that went in.
    var numbers: [Int] {
        switch self {
        case .classes(let rows): rows.map { Int($0[0]) }
        case .embeddings(let rows): rows.map { Int($0[0]) }
        case .screening(let probabilities, _): probabilities.map { Int($0) }
        }
    }
}
