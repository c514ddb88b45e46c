import CutisCore
import Dispatch
import Synchronization

/// Applies `body` to 0 ..< `count` on `workers` threads and gives the answers in order, or the error of the first
/// position that has one.
func parallelMap<Answer: Sendable>(
    _ count: Int, workers: Int, _ body: @Sendable (Int) throws(CutisError) -> Answer
) throws(CutisError) -> [Answer] {
    let next = Atomic<Int>(0)
    let collected = Mutex<[Result<Answer, CutisError>?]>(Array(repeating: nil, count: count))
    let hasFailed = Atomic<Bool>(false)
    DispatchQueue.concurrentPerform(iterations: max(1, min(workers, count))) { _ in
        while !hasFailed.load(ordering: .relaxed) {
            let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
            guard index < count else { return }
            let result = Result { () throws(CutisError) in try body(index) }
            if case .failure = result { hasFailed.store(true, ordering: .relaxed) }
            collected.withLock { $0[index] = result }
        }
    }
    var answers: [Answer] = []
    answers.reserveCapacity(count)
    for result in collected.withLock({ $0 }) { if let result { answers.append(try result.get()) } }
    return answers
}
