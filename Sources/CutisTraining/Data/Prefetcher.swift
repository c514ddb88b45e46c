import Foundation

/// Makes the items 0 ..< count on worker threads ahead of their use and hands them out in order.
///
/// What comes out depends on `produce` alone and never on the number of workers or their timing: item k is always
/// `produce(k)`. At most `ahead` items wait, so memory is bounded. An error of item k is thrown by the k-th `next()`.
///
/// Safe to share: all mutable state is touched only while `condition` is held.
package final class Prefetcher<Item: Sendable>: @unchecked Sendable {
    private let condition = NSCondition()
    private let count: Int
    private let ahead: Int
    private let produce: @Sendable (Int) throws -> Item
    private var ready: [Int: Result<Item, any Error>] = [:]
    private var started = 0
    private var consumed = 0
    private var isCancelled = false

    /// Starts the workers.
    ///
    /// - Parameters:
    ///   - count: how many items there are.
    ///   - workers: how many threads make them, at least 1.
    ///   - ahead: how many items may be finished or in work before they are asked for, at least `workers`.
    ///   - produce: makes item k; called on a worker thread, at most once per k.
    package init(count: Int, workers: Int, ahead: Int, produce: @escaping @Sendable (Int) throws -> Item) {
        self.count = count
        self.ahead = max(ahead, workers, 1)
        self.produce = produce
        for number in 0..<max(1, min(workers, count)) {
            let thread = Thread { [weak self] in
                while let position = self?.claim() {
                    guard let self else { return }
                    let result = Result { try produce(position) }
                    self.deliver(position, result)
                }
            }
            thread.name = "cutis-loader-\(number)"
            thread.stackSize = 4 << 20
            thread.start()
        }
    }

    /// The next item, or nil after the last; waits until it is made.
    package func next() throws -> Item? {
        condition.lock()
        defer { condition.unlock() }
        guard consumed < count else { return nil }
        while ready[consumed] == nil, !isCancelled { condition.wait() }
        guard let result = ready.removeValue(forKey: consumed) else { return nil }
        consumed += 1
        condition.broadcast()
        return try result.get()
    }

    /// Ends the workers after the items that they are making; `next()` then gives nil.
    package func cancel() {
        condition.lock()
        isCancelled = true
        condition.broadcast()
        condition.unlock()
    }

    private func claim() -> Int? {
        condition.lock()
        defer { condition.unlock() }
        while !isCancelled, started < count, started >= consumed + ahead { condition.wait() }
        guard !isCancelled, started < count else { return nil }
        started += 1
        return started - 1
    }

    private func deliver(_ position: Int, _ result: Result<Item, any Error>) {
        condition.lock()
        ready[position] = result
        condition.broadcast()
        condition.unlock()
    }
}
