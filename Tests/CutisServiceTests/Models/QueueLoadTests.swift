import CutisCore
import CutisService
import Foundation
import Synchronization
import Testing

/// Figures under load. The bounds are wide, for machines that are busy with other things; the figures themselves are
/// printed.
@Suite(.serialized) struct QueueLoadTests {
    /// What the queue itself adds to a model that takes no time.
    @Test(arguments: [1, 64]) func theQueueAddsMicroseconds(clients: Int) async throws {
        let bench = QueueBench(QueueLimits(maximumBatchRows: 16), gated: false)
        let each = clients == 1 ? 5000 : 200
        let times = try await withThrowingTaskGroup(of: [Double].self) { group in
            for client in 0..<clients {
                group.addTask {
                    var times: [Double] = []
                    for number in 0..<each {
                        let began = ContinuousClock.now
                        let answer = try await bench.queue.answer(
                            .classes(number), priority: .interactive, client: "\(client)",
                            deadline: .now + .seconds(60))
                        times.append(began.duration(to: .now).microseconds)
                        #expect(answer.numbers == [number])
                    }
                    return times
                }
            }
            return try await group.reduce(into: []) { $0 += $1 }
        }.sorted()
        let p50 = times[times.count / 2]
        let p99 = times[times.count * 99 / 100]
        print(
            "queue overhead: \(clients) clients, \(times.count) requests: "
                + String(
                    format: "p50 %.1f µs, p99 %.1f µs, of one request p50 %.1f µs", p50, p99, p50 / Double(clients)))
        // With 64 at once, each waits for the others' turns too.
        #expect(p50 < 2000 * (clients == 1 ? 1 : 8))
    }

    /// Four times what the model can do, from clients that do not wait for each other.
    @Test func fourfoldOverloadKeepsTheDeadlinesOfWhatItAccepts() async throws {
        let limits = QueueLimits(maximumBatchRows: 8, maximumQueuedRows: 32)
        // A pass takes 8 ms + 2 ms an image: 24 ms for 8, a capacity of 333 images a second.
        let bench = QueueBench(limits, gated: false) { numbers in
            try await Task.sleep(for: .milliseconds(8 + 2 * numbers.reduce(0) { $0 + $1.count }))
        }
        let within = Duration.milliseconds(400)
        let tally = Tally()
        let arrivals = 2000
        let lateness = Lateness()
        let watch = Task { await lateness.watch() }
        try await withThrowingTaskGroup(of: Void.self) { group in
            let start = ContinuousClock.now
            for number in 0..<arrivals {
                // 1333 a second.
                try await Task.sleep(until: start + .microseconds(750 * number), tolerance: .zero, clock: .continuous)
                tally.saw(queued: bench.queue.reading().rows)
                group.addTask {
                    let began = ContinuousClock.now
                    do {
                        let answer = try await bench.queue.answer(
                            .classes(number), priority: .interactive, client: "\(number % 40)",
                            deadline: began + within)
                        #expect(answer.numbers == [number])
                        tally.answered(after: began.duration(to: .now))
                    } catch let refusal as ServiceRefusal {
                        tally.refused(refusal, after: began.duration(to: .now))
                    }
                }
            }
            try await group.waitForAll()
        }
        let result = tally.state.withLock { $0 }
        watch.cancel()
        await watch.value
        // On a machine with other work every task wakes late, the model's and the clients' among them.
        let delay = lateness.worst.withLock { $0 }
        let slowest = result.answered.max() ?? .zero
        print(
            "overload: \(arrivals) requests at 4×: \(result.answered.count) answered, slowest \(slowest); "
                + "\(result.overloaded) refused at once, \(result.late) accepted but late; "
                + "at most \(result.queued) of \(limits.maximumQueuedRows) images waiting; the machine woke up to \(delay) late"
        )
        #expect(result.answered.count + result.overloaded + result.late == arrivals)
        #expect(result.answered.count >= arrivals / 20)
        #expect(slowest <= within + .milliseconds(100) + delay * 4)
        #expect(result.queued <= limits.maximumQueuedRows)
        #expect(result.overloaded > arrivals / 2)
        #expect(result.withoutRetry == 0)
        #expect(Double(result.late) <= Double(arrivals) * (0.01 + delay / .seconds(1)))
    }
}

extension Duration {
    fileprivate var microseconds: Double {
        Double(components.seconds) * 1e6 + Double(components.attoseconds) * 1e-12
    }
}

/// How late the machine wakes a task that sleeps.
private final class Lateness: Sendable {
    let worst = Mutex(Duration.zero)

    /// Watches until it is cancelled.
    func watch() async {
        while !Task.isCancelled {
            let start = ContinuousClock.now
            try? await Task.sleep(for: .milliseconds(5), tolerance: .zero)
            let late = start.duration(to: .now) - .milliseconds(5)
            worst.withLock { $0 = max($0, late) }
        }
    }
}

private final class Tally: Sendable {
    struct State: Sendable {
        var answered: [Duration] = []
        var overloaded = 0
        var late = 0
        var withoutRetry = 0
        var queued = 0
    }

    let state = Mutex(State())

    func answered(after time: Duration) { state.withLock { $0.answered.append(time) } }

    func saw(queued: Int) { state.withLock { $0.queued = max($0.queued, queued) } }

    func refused(_ refusal: ServiceRefusal, after time: Duration) {
        state.withLock { state in
            if refusal.error.code == .overloaded { state.overloaded += 1 } else { state.late += 1 }
            if (refusal.retryAfter ?? 0) < 1 { state.withoutRetry += 1 }
        }
    }
}
