public import CutisCore
public import Foundation
import Glibc

/// A regular file mapped into memory.
///
/// The mapping is private and copy-on-write: code that writes to tensors made from it changes its own copy and
/// never the file. Nothing is read until it is touched. A file that another process truncates while it is mapped
/// ends this process with SIGBUS (as with every memory map): replace checkpoint files by renaming, never in place.
public final class MappedFile: Sendable {
    /// Where the file is.
    public let path: String
    /// Bytes in the file; never 0.
    public let count: Int
    // Set once by `init`; the bytes behind it are not written by this module.
    nonisolated(unsafe) private let base: UnsafeMutableRawPointer

    /// Maps a file.
    ///
    /// - Throws: `.fileNotFound`, `.fileUnreadable` (also for a folder, a pipe or a device), `.fileEmpty`, `.outOfMemory`.
    public init(_ url: URL) throws(CutisError) {
        let path = url.path
        // O_NONBLOCK: opening a pipe must not wait for a writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw Self.failure(path, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw Self.failure(path, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else {
            throw CutisError(
                .fileUnreadable, "\(path) is not a regular file.", remedy: "Give the path of a file.")
        }
        guard status.st_size > 0 else {
            throw CutisError(.fileEmpty, "\(path) is empty.", remedy: "Download or export the file again.")
        }
        let size = Int(status.st_size)
        let mapping = mmap(nil, size, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_NORESERVE, descriptor, 0)
        guard let mapping, mapping != MAP_FAILED else { throw Self.failure(path, errno) }
        self.path = path
        count = size
        base = mapping
    }

    deinit { munmap(base, count) }

    /// All bytes.
    package var region: ByteRegion { ByteRegion(owner: self, base: base, count: count) }

    /// Gives the pages that have been read back to the system; they are read again when touched.
    ///
    /// Only for files whose bytes nobody writes to: changes of the private copy would be lost.
    func releasePages() {
        madvise(base, count, MADV_DONTNEED)
    }

    private static func failure(_ path: String, _ code: Int32) -> CutisError {
        if code == ENOENT || code == ENOTDIR {
            return CutisError(.fileNotFound, "\(path) does not exist.", remedy: "Check the path.")
        }
        if code == ENOMEM {
            return CutisError(
                .outOfMemory, "There is not enough memory to map \(path).",
                remedy: "Close other programs, raise the limit (`ulimit -v`), or use a machine with more memory.")
        }
        return CutisError(
            .fileUnreadable, "\(path) cannot be read (\(String(cString: strerror(code)))).",
            remedy: "Check that you may read it.")
    }
}
