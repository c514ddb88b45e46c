import Foundation
import Synchronization

/// The temporary files and folders that exist right now, so that an interrupt can remove them.
public enum TemporaryPaths {
    private static let paths = Mutex<Set<String>>([])

    /// Remembers a path that must not outlive the process.
    public static func insert(_ path: String) {
        paths.withLock { _ = $0.insert(path) }
    }

    /// Forgets a path that now has its final name.
    public static func forget(_ path: String) {
        paths.withLock { _ = $0.remove(path) }
    }

    /// Removes one temporary path from the disk.
    ///
    /// Another thread may still write into a folder that an interrupt removes: a file that appears meanwhile makes the
    /// removal fail, so it is tried again.
    public static func removeNow(_ path: String) {
        for _ in 0..<removalAttempts {
            try? FileManager.default.removeItem(atPath: path)
            guard FileManager.default.fileExists(atPath: path) else { break }
            usleep(5000)
        }
        forget(path)
    }

    /// Enough for the files of a bundle: each attempt removes all that is there.
    private static let removalAttempts = 20

    /// Removes every temporary path from the disk; the interrupt handler calls it.
    public static func removeAll() {
        for path in paths.withLock({ $0 }) { removeNow(path) }
    }
}
