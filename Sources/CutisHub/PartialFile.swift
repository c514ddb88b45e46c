import CutisCore
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A blob that is still being written, `blobs/<etag>.incomplete`. It outlives a failure, so that the next run goes on.
///
/// Used by the one task that holds the blob's lock.
final class PartialFile {
    /// Where the file is.
    let url: URL
    /// How many bytes it has.
    private(set) var size: Int
    private let descriptor: Int32

    /// Opens the file, or makes an empty one.
    ///
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    init(_ url: URL) throws(CutisError) {
        self.url = url
        // A link planted here must not lead the download elsewhere.
        descriptor = open(url.path, O_RDWR | O_CREAT | O_CLOEXEC | O_NOFOLLOW | O_NONBLOCK, 0o666)
        guard descriptor >= 0 else { throw AtomicOutput.failure(errno, writing: url) }
        var found = stat()
        size = 0
        guard fstat(descriptor, &found) == 0, found.st_mode & S_IFMT == S_IFREG else {
            throw AtomicOutput.failure(EINVAL, writing: url)
        }
        size = Int(found.st_size)
    }

    deinit {
        if descriptor >= 0 { close(descriptor) }
    }

    /// Appends bytes.
    func append(_ bytes: UnsafeRawBufferPointer) throws(CutisError) {
        var rest = bytes
        while let start = rest.baseAddress, !rest.isEmpty {
            let count = pwrite(descriptor, start, rest.count, off_t(size))
            if count < 0 {
                if errno == EINTR { continue }
                throw failure(errno)
            }
            size += count
            rest = UnsafeRawBufferPointer(rebasing: rest[count...])
        }
    }

    /// Throws away all content.
    func reset() throws(CutisError) {
        guard ftruncate(descriptor, 0) == 0 else { throw failure(errno) }
        size = 0
    }

    /// The bytes at an offset; nil at the end.
    func read(at offset: Int, upTo count: Int) throws(CutisError) -> [UInt8]? {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: count) { buffer, initialised in
            let read = pread(descriptor, buffer.baseAddress, count, off_t(offset))
            code = read < 0 ? errno : 0
            initialised = max(read, 0)
        }
        guard code == 0 else {
            throw CutisError(
                .fileUnreadable, "Cannot read \(url.path) (\(String(cString: strerror(code)))).",
                remedy: "Check the disk.")
        }
        return bytes.isEmpty ? nil : bytes
    }

    /// Gives the whole file its final name.
    func finish(as place: URL) throws(CutisError) {
        guard fsync(descriptor) == 0 else { throw failure(errno) }
        guard rename(url.path, place.path) == 0 else { throw AtomicOutput.failure(errno, writing: place) }
    }

    /// Removes the file.
    func discard() {
        unlink(url.path)
    }

    private func failure(_ code: Int32) -> CutisError {
        guard code == ENOSPC || code == EDQUOT || code == EFBIG else { return AtomicOutput.failure(code, writing: url) }
        return CutisError(
            .noSpaceLeft, "No space left to write \(url.path) (\(String(cString: strerror(code)))).",
            remedy:
                "Free some space or set HF_HUB_CACHE to another disk; the \(ByteCount(size)) that arrived are kept, "
                + "and the next run goes on from there.")
    }
}

/// A number of bytes that prints in readable units.
struct ByteCount: CustomStringConvertible {
    private let bytes: Int

    init(_ bytes: Int) {
        self.bytes = bytes
    }

    var description: String {
        if bytes < 1000 { return "\(bytes) bytes" }
        var value = Double(bytes) / 1000
        var unit = 0
        let units = ["kB", "MB", "GB", "TB", "PB", "EB"]
        while value >= 999.5, unit + 1 < units.count {
            value /= 1000
            unit += 1
        }
        return "\((value * 10).rounded() / 10) \(units[unit])"
    }
}
