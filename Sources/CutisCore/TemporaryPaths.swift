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
    public static func removeNow(_ path: String) {
        forget(path)
        try? FileManager.default.removeItem(atPath: path)
    }

    /// Removes every temporary path from the disk; the interrupt handler calls it.
    public static func removeAll() {
        for path in paths.withLock({ $0 }) { removeNow(path) }
    }
}
