import CutisCore
import CutisService
import Testing

@Suite struct QueueOrderTests {
    @Test func requestsGatherWhileTheReplicaComputesAndGoTogetherByRows() async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 4))
        var tasks = [try await bench.occupy()]
        tasks.append(try await bench.send(.classes(1, 2)))
        tasks.append(try await bench.send(.classes(3)))
        tasks.append(try await bench.send(.classes(4, 5)))
        tasks.append(try await bench.send(.classes(6)))
        bench.gate.open()
        var answers: [[Int]] = []
        for task in tasks { answers.append(try await task.value.numbers) }
        #expect(answers == [[0], [1, 2], [3], [4, 5], [6]])
        // Four images fit: the two of the fourth request do not, the one of the fifth does.
        #expect(bench.model.passes == [[[0]], [[1, 2], [3], [6]], [[4, 5]]])
        #expect(bench.metric("cutis_batch_dispatch_total{reason=\"idle\"}") == 1)
        #expect(bench.metric("cutis_batch_dispatch_total{reason=\"full\"}") == 1)
        try await eventually("the last dispatch") {
            bench.metric("cutis_batch_dispatch_total{reason=\"drain\"}") == 1
        }
        #expect(bench.metric("cutis_batch_rows_sum{model=\"scripted\"}") == 7)
    }

    @Test func urgentRequestsGoFirst() async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 2))
        var tasks = [try await bench.occupy()]
        for number in 1...3 { tasks.append(try await bench.send(.classes(number), .batch)) }
        for number in 4...6 { tasks.append(try await bench.send(.classes(number), .interactive)) }
        bench.gate.open()
        for task in tasks { _ = try await task.value }
        #expect(bench.model.numbers == [[0], [4, 5], [6, 1], [2, 3]])
    }

    @Test func oldRequestsOfLowPriorityTakeTurnsWithUrgentOnes() async throws {
        let stepped = SteppedClock()
        let bench = QueueBench(
            QueueLimits(maximumBatchRows: 1, ageing: .seconds(1)), clock: stepped.clock)
        var tasks = [try await bench.occupy()]
        for number in [101, 102] { tasks.append(try await bench.send(.classes(number), .batch)) }
        for number in 1...9 { tasks.append(try await bench.send(.classes(number))) }
        stepped.advance(by: .seconds(2))
        bench.gate.open()
        for task in tasks { _ = try await task.value }
        // After each three urgent images one of low priority; without ageing both would come last.
        #expect(bench.model.numbers.map { $0[0] } == [0, 1, 2, 3, 101, 4, 5, 6, 102, 7, 8, 9])
    }

    @Test func lowPriorityDoesNotTakeTurnsBeforeItHasAged() async throws {
        let stepped = SteppedClock()
        let bench = QueueBench(QueueLimits(maximumBatchRows: 1, ageing: .seconds(10)), clock: stepped.clock)
        var tasks = [try await bench.occupy(), try await bench.send(.classes(101), .batch)]
        for number in 1...5 { tasks.append(try await bench.send(.classes(number))) }
        stepped.advance(by: .seconds(2))
        bench.gate.open()
        for task in tasks { _ = try await task.value }
        #expect(bench.model.numbers.map { $0[0] } == [0, 1, 2, 3, 4, 5, 101])
    }

    @Test func clientsTakeTurns() async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 2))
        var tasks = [try await bench.occupy()]
        for number in 1...6 { tasks.append(try await bench.send(.classes(number), client: "many")) }
        tasks.append(try await bench.send(.classes(51), client: "few"))
        tasks.append(try await bench.send(.classes(52), client: "few"))
        bench.gate.open()
        for task in tasks { _ = try await task.value }
        #expect(bench.model.numbers == [[0], [1, 51], [2, 52], [3, 4], [5, 6]])
    }

    @Test func aWaitingRequestIsNotOvertakenForEverByNewClients() {
        // 40 clients come one after another, each with one image, while one client's third image waits.
        var lane = WaitingLane()
        func part(_ client: String) -> WaitingPart {
            let ticket = Ticket(priority: .interactive, client: client, deadline: .now)
            return WaitingPart(
                ticket: ticket, index: 0, work: .answer(.classes(0)), enqueued: .now)
        }
        for _ in 0..<3 { lane.insert(part("old")) }
        var left = 3
        for number in 0..<40 where left > 0 {
            lane.insert(part("new \(number)"))
            if lane.take(at: 0).ticket.client == "old" { left -= 1 }
        }
        #expect(left == 0)
    }

    @Test func differentQuestionsDoNotShareAPass() async throws {
        let bench = QueueBench()
        let first = try await bench.occupy()
        let embeddings = try await bench.send(ModelRequest(.embeddings, inputs: [NumberInput(number: 1)]))
        let classes = try await bench.send(.classes(2))
        let more = try await bench.send(ModelRequest(.embeddings, inputs: [NumberInput(number: 3)]))
        bench.gate.open()
        for task in [first, embeddings, classes, more] { _ = try await task.value }
        #expect(bench.model.numbers == [[0], [1, 3], [2]])
    }

    @Test func severalReplicasPullFromOneQueue() async throws {
        let bench = QueueBench(replicas: 2)
        let first = try await bench.occupy(1)
        let second = try await bench.occupy(2)
        #expect(bench.models.map(\.passes.count) == [1, 1])
        bench.gate.open()
        #expect(try await first.value.numbers + second.value.numbers == [1, 2])
    }

    @Test func anIdleReplicaWaitsForMoreOnlyAsLongAsItMay() async throws {
        let stepped = SteppedClock()
        let bench = QueueBench(
            QueueLimits(maximumBatchRows: 3, maximumDelay: .milliseconds(10)), clock: stepped.clock, gated: false)
        let first = try await bench.send(.classes(1))
        let second = try await bench.send(.classes(2))
        stepped.advance(by: .milliseconds(9))
        try await Task.sleep(for: .milliseconds(20))
        #expect(bench.model.passes.isEmpty)
        stepped.advance(by: .milliseconds(1))
        _ = try await (first.value, second.value)
        #expect(bench.model.numbers == [[1, 2]])
        #expect(bench.metric("cutis_batch_dispatch_total{reason=\"delay\"}") == 1)

        // A full batch waits for nothing.
        #expect(try await bench.ask(.classes(3, 4, 5)).numbers == [3, 4, 5])
    }
}
