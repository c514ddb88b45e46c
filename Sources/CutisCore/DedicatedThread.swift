import Foundation
import Synchronization

/// A serial executor on one thread of its own, for work that blocks or keeps state per thread: Swift's shared threads, as
/// many as there are cores, must never wait.
package final class DedicatedThread: SerialExecutor {
    private let jobs = Mutex<[UnownedJob]>([])
    private let semaphore = DispatchSemaphore(value: 0)

    /// Starts the thread; it ends when nobody holds the executor any more.
    ///
    /// - Parameters:
    ///   - name: the thread's name, of which Linux shows 15 characters.
    ///   - stackSize: in bytes.
    package init(name: String, stackSize: Int) {
        // The thread must not keep the executor alive, or neither would ever end.
        let thread = Thread { [weak self, semaphore] in
            // Foundation on Linux names only the thread that is running.
            Thread.current.name = name
            while true {
                semaphore.wait()
                guard let self, let job = self.next() else { return }
                job.runSynchronously(on: self.asUnownedSerialExecutor())
            }
        }
        thread.stackSize = stackSize
        thread.start()
    }

    deinit {
        // Wakes the thread, which finds the executor gone and ends.
        semaphore.signal()
    }

    package func enqueue(_ job: consuming ExecutorJob) {
        let unowned = UnownedJob(job)
        jobs.withLock { $0.append(unowned) }
        semaphore.signal()
    }

    package func asUnownedSerialExecutor() -> UnownedSerialExecutor {
        UnownedSerialExecutor(ordinary: self)
    }

    private func next() -> UnownedJob? {
        jobs.withLock { $0.isEmpty ? nil : $0.removeFirst() }
    }
}
