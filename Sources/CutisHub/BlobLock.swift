import CutisCore
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// An advisory lock on one blob, so that two processes do not write it at the same time.
///
/// It ends with the object, and with the process however that ends. The lock file stays, as huggingface_hub's do:
/// removing it would let a third process lock a new file of the same name.
final class BlobLock: Sendable {
    private let descriptor: Int32

    private init(_ descriptor: Int32) {
        self.descriptor = descriptor
    }

    deinit {
        close(descriptor)
    }

    /// Waits for the lock without holding up a thread.
    ///
    /// - Parameter waiting: called once where another process has the lock.
    /// - Throws: `.outputUnwritable`, `.cancelled`.
    static func take(_ file: URL, waiting: () -> Void) async throws(CutisError) -> BlobLock {
        let descriptor = open(file.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW, 0o666)
        guard descriptor >= 0 else { throw AtomicOutput.failure(errno, writing: file) }
        let lock = BlobLock(descriptor)
        var isFirst = true
        while flock(descriptor, LOCK_EX | LOCK_NB) != 0 {
            let code = errno
            // Some network disks have no locks. Content is checked before use, so two writers cost time, no harm.
            if code == ENOLCK || code == EOPNOTSUPP || code == ENOSYS { break }
            guard code == EWOULDBLOCK || code == EINTR else { throw AtomicOutput.failure(code, writing: file) }
            if isFirst { waiting() }
            isFirst = false
            do {
                try await Task.sleep(for: .milliseconds(50))
            } catch {
                throw HubFailure.cancelled
            }
        }
        return lock
    }
}
