import Crypto
import CutisCore
import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// A new file that is written from front to back and hashed on the way.
final class HashedFile {
    let url: URL
    private(set) var size = 0
    private let descriptor: Int32
    private var hash = SHA256()
    private var buffer = Data()

    /// Makes a file that its owner alone can read.
    init(_ url: URL) throws(CutisError) {
        self.url = url
        descriptor = open(url.path, O_WRONLY | O_CREAT | O_EXCL | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw AtomicOutput.failure(errno, writing: url) }
    }

    deinit {
        close(descriptor)
    }

    /// Adds bytes.
    func append(_ data: Data) throws(CutisError) {
        buffer.append(data)
        size += data.count
        if buffer.count >= 1 << 20 { try flush() }
    }

    /// Waits for the disk.
    ///
    /// - Returns: the size and SHA-256 of the whole, in hexadecimal.
    func finish() throws(CutisError) -> (size: Int, sha256: String) {
        try flush()
        guard fsync(descriptor) == 0 else { throw AtomicOutput.failure(errno, writing: url) }
        return (size, Self.text(hash.finalize()))
    }

    static func text(_ digest: SHA256.Digest) -> String {
        digest.map { ($0 < 16 ? "0" : "") + String($0, radix: 16) }.joined()
    }

    private func flush() throws(CutisError) {
        hash.update(data: buffer)
        let code: Int32 = buffer.withUnsafeBytes { bytes in
            var done = 0
            while done < bytes.count {
                let count = write(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count == 0 ? EIO : errno }
                done += count
            }
            return 0
        }
        guard code == 0 else { throw AtomicOutput.failure(code, writing: url) }
        buffer.removeAll(keepingCapacity: true)
    }
}

/// A file of a backup that is read from front to back in pieces.
final class PiecewiseFile {
    private let url: URL
    private let descriptor: Int32
    private var buffer: [UInt8] = []
    private var offset = 0

    /// Opens a file; a link is refused.
    ///
    /// - Throws: `CutisError` with `.fileNotFound`.
    init(_ url: URL) throws(CutisError) {
        self.url = url
        descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else {
            throw BackupFault.damaged(url.deletingLastPathComponent(), "\(url.lastPathComponent) is missing")
        }
    }

    deinit {
        close(descriptor)
    }

    /// The next bytes: as many as asked for, or fewer at the end.
    func read(_ count: Int) throws(CutisError) -> Data {
        while buffer.count - offset < count {
            buffer.removeFirst(offset)
            offset = 0
            let start = buffer.count
            buffer.append(contentsOf: repeatElement(0, count: max(1 << 20, count - start)))
            let got = buffer.withUnsafeMutableBytes { bytes in
                Glibc.read(descriptor, bytes.baseAddress?.advanced(by: start), bytes.count - start)
            }
            buffer.removeLast(buffer.count - start - max(got, 0))
            if got < 0, errno == EINTR { continue }
            guard got >= 0 else {
                throw CutisError(
                    .fileUnreadable, "\(url.path) cannot be read (\(String(cString: strerror(errno)))).",
                    remedy: "Check the disk that holds the backup.")
            }
            if got == 0 { break }
        }
        let part = Data(buffer[offset..<min(offset + count, buffer.count)])
        offset += part.count
        return part
    }
}
