import CutisCore
import CutisService
import Synchronization
import Testing

@Suite struct QueueLimitTests {
    @Test func aFullQueueRefusesAndSaysWhenToComeBack() async throws {
        let stepped = SteppedClock()
        // A pass takes 2 s an image.
        let bench = QueueBench(
            QueueLimits(maximumBatchRows: 2, maximumQueuedRows: 4), clock: stepped.clock
        ) { numbers in
            for _ in numbers.flatMap({ $0 }) { stepped.advance(by: .seconds(2)) }
        }
        bench.gate.letOne()
        _ = try await bench.ask(.classes(0))
        try await bench.rest()

        var tasks = [try await bench.occupy(1)]
        for number in 2...5 { tasks.append(try await bench.send(.classes(number))) }
        let answer = await bench.refusal(.classes(6), within: .seconds(1000))
        #expect(answer?.error.code == .overloaded)
        // One image in the model and four before this one: 5 × 2 s.
        #expect(answer?.retryAfter == 10)
        #expect(bench.queue.reading().rows == 4)
        #expect(bench.metric("cutis_requests_refused_total{code=\"overloaded\"}") == 1)

        bench.gate.open()
        for task in tasks { _ = try await task.value }
        // Room again.
        #expect(try await bench.ask(.classes(7)).numbers == [7])
    }

    @Test func lowPriorityFillsOnlyItsShare() async throws {
        let bench = QueueBench(QueueLimits(maximumQueuedRows: 4, batchShare: 0.5))
        var tasks = [try await bench.occupy()]
        tasks.append(try await bench.send(.classes(1, 2), .batch))
        #expect(await bench.refusal(.classes(3), .batch)?.error.code == .overloaded)
        tasks.append(try await bench.send(.classes(4, 5), .interactive))
        bench.gate.open()
        for task in tasks { _ = try await task.value }
    }

    @Test func whatCannotBeInTimeIsRefusedAtOnce() async throws {
        let stepped = SteppedClock()
        let bench = QueueBench(QueueLimits(maximumBatchRows: 1), clock: stepped.clock) { _ in
            stepped.advance(by: .seconds(2))
        }
        bench.gate.letOne()
        _ = try await bench.ask(.classes(0))
        try await bench.rest()
        var tasks = [try await bench.occupy(1)]
        tasks.append(try await bench.send(.classes(2)))
        // 2 s in the model, 2 s before it, 2 s for itself.
        let answer = await bench.refusal(.classes(3), within: .seconds(5))
        #expect(answer?.error.code == .overloaded)
        #expect(answer?.retryAfter == 1)
        tasks.append(try await bench.send(.classes(4), within: .seconds(7)))
        bench.gate.open()
        for task in tasks { _ = try await task.value }
        #expect(bench.model.numbers == [[0], [1], [2], [4]])
    }

    @Test func anIdleReplicaTriesHoweverSlowItWasBefore() async throws {
        let stepped = SteppedClock()
        let step = Mutex(Duration.seconds(100))
        let bench = QueueBench(clock: stepped.clock, gated: false) { _ in
            stepped.advance(by: step.withLock { $0 })
        }
        _ = try await bench.ask(.classes(0), within: .seconds(1000))
        try await bench.rest()
        step.withLock { $0 = .milliseconds(1) }
        #expect(try await bench.ask(.classes(1), within: .seconds(1)).numbers == [1])
    }

    @Test func aRequestWhoseTimeIsOverIsNeverComputed() async throws {
        let stepped = SteppedClock()
        let bench = QueueBench(QueueLimits(maximumBatchRows: 1), clock: stepped.clock)
        let first = try await bench.occupy()
        let short = try await bench.send(.classes(1), within: .seconds(1))
        let long = try await bench.send(.classes(2))
        stepped.advance(by: .seconds(2))
        // The refusal comes at the deadline, while the replica is still busy.
        #expect(await refusal(short)?.error.code == .deadlineExceeded)
        #expect(bench.queue.reading().rows == 1)
        bench.gate.open()
        _ = try await (first.value, long.value)
        #expect(bench.model.numbers == [[0], [2]])
        #expect(bench.metric("cutis_requests_refused_total{code=\"deadline-exceeded\"}") == 1)
    }

    @Test func aModelThatHangsHoldsNobodyBeyondItsDeadline() async throws {
        let stepped = SteppedClock()
        let bench = QueueBench(clock: stepped.clock)
        let stuck = try await bench.occupy(within: .seconds(3))
        stepped.advance(by: .seconds(4))
        #expect(bench.queue.reading().passSeconds == 4)
        #expect(await refusal(stuck)?.error.code == .deadlineExceeded)
        bench.gate.open()
        try await bench.rest()
        #expect(try await bench.ask(.classes(1), within: .seconds(1)).numbers == [1])
    }

    @Test func aDeadlineThatIsOverIsRefused() async throws {
        let bench = QueueBench(gated: false)
        #expect(await bench.refusal(.classes(1), within: .seconds(-1))?.error.code == .deadlineExceeded)
        #expect(bench.model.passes.isEmpty)
    }

    @Test func cancellingTakesARequestOut() async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 1))
        let first = try await bench.occupy()
        let cancelled = try await bench.send(.classes(1))
        let other = try await bench.send(.classes(2))
        cancelled.cancel()
        await #expect(throws: CancellationError.self) { try await cancelled.value }
        #expect(bench.queue.reading().rows == 1)
        bench.gate.open()
        _ = try await (first.value, other.value)
        #expect(bench.model.numbers == [[0], [2]])
    }

    @Test func aCancelledTaskIsNotTakenOn() async throws {
        let bench = QueueBench(gated: false)
        let task = Task {
            withUnsafeCurrentTask { $0?.cancel() }
            return try await bench.ask(.classes(1))
        }
        await #expect(throws: CancellationError.self) { try await task.value }
        #expect(bench.model.passes.isEmpty)
    }

    @Test func aGreatRequestIsSplitAndItsAnswersStayInOrder() async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 8, maximumQueuedRows: 32), gated: false)
        let inputs = (0..<20).map(NumberInput.init)
        let answer = try await bench.ask(ModelRequest(.embeddings, inputs: inputs))
        #expect(answer.numbers == Array(0..<20))
        #expect(bench.model.numbers.map(\.count) == [8, 8, 4])
    }

    @Test func whatCanNeverFitIsRefusedClearly() async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 2, maximumQueuedRows: 4), gated: false)
        func code(_ request: ModelRequest) async -> ErrorCode? {
            do {
                _ = try await bench.ask(request)
                return nil
            } catch { return (error as? CutisError)?.code }
        }
        #expect(await code(.classes(1, 2, 3, 4, 5)) == .tooManyImages)
        // The images of a case cannot be told apart.
        #expect(await code(ModelRequest(.screening, inputs: (0..<3).map(NumberInput.init))) == .tooManyImages)
        #expect(await code(ModelRequest(.classes, inputs: [])) == .requestInvalid)
        #expect(await code(.classes(1, 2, 3, 4)) == nil)
    }
}
