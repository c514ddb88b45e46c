import CutisCore
import CutisMonitoring
import Synchronization

extension InferenceQueue {
    /// Serves a replica for as long as there is work for it.
    func serve(_ first: Batch) async {
        var next: Batch? = first
        while let batch = next {
            metrics.dispatched(batch.reason, rows: batch.rows, model: model)
            for part in batch.parts {
                metrics.waited(part.enqueued.duration(to: batch.began).inSeconds, model: model)
            }
            await pass(batch)
            next = settle(freed: batch.replica) { state, _ in state.finished(batch) }
        }
    }

    /// One pass; a batch that fails is taken apart, so that a request that the model cannot take fails alone.
    private func pass(_ batch: Batch) async {
        let replica = replicas[batch.replica]
        do {
            let results = try await compute(batch.parts, on: replica)
            deliver(zip(batch.parts, results.map { .success($0) }))
        } catch  where batch.parts.count == 1 {
            deliver([(batch.parts[0], .failure(error))])
        } catch {
            for part in batch.parts where !isOver(part.ticket) {
                metrics.dispatched(.retry, rows: part.rows, model: model)
                do {
                    let results = try await compute([part], on: replica)
                    deliver([(part, .success(results[0]))])
                } catch {
                    deliver([(part, .failure(error))])
                }
            }
        }
    }

    private func compute(_ parts: [WaitingPart], on replica: any ServedModel) async throws -> [WorkResult] {
        let began = clock.now()
        if case .explain(let input, let index) = parts[0].work {
            let images = try await replica.explain(input, classIndex: index)
            let seconds = began.duration(to: clock.now()).inSeconds
            metrics.explained(seconds: seconds, model: model)
            state.withLock { $0.measured(rows: 1, kind: .explanation, seconds: seconds) }
            return [.explanation(images)]
        }
        let requests = parts.compactMap { part in
            if case .answer(let request) = part.work { request } else { nil }
        }
        let rows = parts.reduce(0) { $0 + $1.rows }
        let answers: [ModelAnswer]
        do {
            answers = try await replica.answer(requests)
            guard answers.count == requests.count, zip(requests, answers).allSatisfy({ $0.isAnswered(by: $1) }) else {
                throw WorkResult.wrongAnswer("\(answers.count) answers of the wrong number or kind")
            }
        } catch {
            let seconds = began.duration(to: clock.now()).inSeconds
            metrics.inferred(rows: rows, seconds: seconds, failed: true, model: model)
            throw error
        }
        let seconds = began.duration(to: clock.now()).inSeconds
        metrics.inferred(rows: rows, seconds: seconds, failed: false, model: model)
        state.withLock { $0.measured(rows: rows, kind: parts[0].kind, seconds: seconds) }
        return answers.map { .answer($0) }
    }

    private func deliver(_ outcomes: some Sequence<(WaitingPart, Ticket.Outcome)>) {
        let woken = state.withLock { state in
            for (part, outcome) in outcomes {
                if case .failure = outcome { metrics.failed(model: model) }
                state.deliver(outcome, to: part)
            }
            return state.takeWoken()
        }
        for resumption in woken { resumption() }
    }

    /// Whether nobody waits for a request any more, or nobody will by the time it could be answered.
    private func isOver(_ ticket: Ticket) -> Bool {
        settle { state, now in state.expire(now) }
        return state.withLock { _ in ticket.isOver }
    }
}
