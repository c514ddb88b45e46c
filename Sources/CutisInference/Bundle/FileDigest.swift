import Crypto
public import CutisCore
public import Foundation

/// SHA-256 of files, read in pieces.
public enum FileDigest {
    /// The SHA-256 of a file's content in hexadecimal, and its size in bytes.
    ///
    /// - Throws: `CutisError` with `.fileNotFound` or `.fileUnreadable`.
    public static func sha256(of url: URL) throws(CutisError) -> BundleManifest.FileRecord {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else {
            throw CutisError(
                errno == ENOENT ? .fileNotFound : .fileUnreadable,
                "Cannot read \(url.path) (\(String(cString: strerror(errno)))).",
                remedy: "Check the path and its permissions.")
        }
        defer { close(descriptor) }
        var hasher = SHA256()
        var total = 0
        let capacity = 4 << 20
        let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: capacity, alignment: 64)
        defer { buffer.deallocate() }
        while true {
            let count = read(descriptor, buffer.baseAddress, capacity)
            if count == 0 { break }
            guard count > 0 else {
                if errno == EINTR { continue }
                throw CutisError(
                    .fileUnreadable, "Reading \(url.path) failed (\(String(cString: strerror(errno)))).",
                    remedy: "Check the disk and try again.")
            }
            hasher.update(bufferPointer: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
            total += count
        }
        let digest = hasher.finalize().map { byte in
            let digits = String(byte, radix: 16)
            return digits.count == 1 ? "0" + digits : digits
        }
        return BundleManifest.FileRecord(sha256: digest.joined(), bytes: total)
    }
}
