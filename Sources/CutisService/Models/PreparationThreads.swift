import Foundation
import Synchronization

/// A task executor on a few threads of its own.
///
/// Decoding takes tens of milliseconds and never suspends: on Swift's shared threads it would hold up every other
/// request, on as many threads as there are cores.
final class PreparationThreads: TaskExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let semaphore = DispatchSemaphore(value: 0)
    private let count: Int

    init(count: Int) {
        self.count = count
        for number in 0..<count {
            // The thread must not keep the executor alive, or neither would ever end.
            let thread = Thread { [weak self, semaphore] in
                // Foundation on Linux names only the thread that is running.
                Thread.current.name = "cutis-image-\(number)"
                while true {
                    semaphore.wait()
                    guard let self, let job = self.next() else { return }
                    job.runSynchronously(on: self.asUnownedTaskExecutor())
                }
            }
            thread.stackSize = 8 << 20
            thread.start()
        }
    }

    deinit {
        // Wakes the threads, which find the executor gone and end.
        for _ in 0..<count { semaphore.signal() }
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        jobs.withLock { $0.append(unowned) }
        semaphore.signal()
    }

    private func next() -> UnownedJob? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
