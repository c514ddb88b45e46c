package import CutisCore
package import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Files that survive a crash once the call has returned.
package enum DurableFile {
    /// Makes an empty file that its owner alone can read and write.
    package static func create(_ url: URL) throws(CutisError) {
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AtomicOutput.failure(errno, writing: url) }
        Glibc.close(descriptor)
    }

    /// Writes a new file, readable by its owner alone, and waits for the disk.
    package static func write(_ data: Data, to url: URL) throws(CutisError) {
        let descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AtomicOutput.failure(errno, writing: url) }
        let code = fill(descriptor, data)
        let closed = Glibc.close(descriptor) == 0 ? 0 : errno
        guard code == 0, closed == 0 else { throw AtomicOutput.failure(code == 0 ? closed : code, writing: url) }
    }

    /// Waits until a file or folder is on the disk.
    package static func synchronise(_ url: URL) throws(CutisError) {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw AtomicOutput.failure(errno, writing: url) }
        defer { Glibc.close(descriptor) }
        guard fsync(descriptor) == 0 else { throw AtomicOutput.failure(errno, writing: url) }
    }

    /// Gives a file its final name, in the place of one that has it, and waits until the folder is on the disk.
    package static func rename(_ temporary: URL, to target: URL) throws(CutisError) {
        guard Glibc.rename(temporary.path, target.path) == 0 else { throw AtomicOutput.failure(errno, writing: target) }
        try synchronise(target.deletingLastPathComponent())
    }

    /// Writes all bytes and waits for the disk; returns the error's number, or 0.
    private static func fill(_ descriptor: Int32, _ data: Data) -> Int32 {
        data.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = Glibc.write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count == 0 ? EIO : errno }
                done += count
            }
            return fsync(descriptor) == 0 ? 0 : errno
        }
    }
}
