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
    /// Another thread may still write into a folder that an interrupt removes. Under another name it finds no folder to
    /// write into any more; a file that it has just opened can make a removal fail, so it is tried again.
    public static func removeNow(_ path: String) {
        let gone = path + ".removed"
        let target = rename(path, gone) == 0 ? gone : path
        for _ in 0..<20 {
            try? FileManager.default.removeItem(atPath: target)
            guard FileManager.default.fileExists(atPath: target) else { break }
            usleep(5000)
        }
        forget(path)
    }

    /// Removes every temporary path from the disk; the interrupt handler calls it.
    public static func removeAll() {
        for path in paths.withLock({ $0 }) { removeNow(path) }
    }
}
