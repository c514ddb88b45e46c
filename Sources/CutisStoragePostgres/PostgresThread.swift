import Foundation
import Synchronization

/// A serial executor on one thread of its own: libpq waits for the server, and Swift's shared threads must never wait.
final class PostgresThread: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let semaphore = DispatchSemaphore(value: 0)

    init(name: String) {
        // The thread must not keep the executor alive, or neither would ever end.
        let thread = Thread { [weak self, semaphore] in
            while true {
                semaphore.wait()
                guard let self, let job = self.next() else { return }
                job.runSynchronously(on: self.asUnownedSerialExecutor())
            }
        }
        thread.name = name
        thread.stackSize = 2 << 20
        thread.start()
    }

    deinit {
        // Wakes the thread, which finds the executor gone and ends.
        semaphore.signal()
    }

    func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        jobs.withLock { $0.append(unowned) }
        semaphore.signal()
    }

    func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    private func next() -> UnownedJob? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
