import Crypto
import CutisCore
import CutisImaging
import Foundation

/// Hashes of files and of images within archives.
enum ContentHash {
    /// Feeds a file to `body` piece by piece.
    ///
    /// - Returns: the size in bytes.
    /// - Throws: `.fileNotFound`, `.fileUnreadable`.
    @discardableResult
    static func read(_ url: URL, _ body: (UnsafeRawBufferPointer) -> Void) throws(CutisError) -> Int {
        let descriptor = open(url.path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw failure(url, errno) }
        defer { close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
            throw CutisError(.fileUnreadable, "\(url.path) is not a regular file.", remedy: "Remove or replace it.")
        }
        var size = 0
        var code: Int32 = 0
        withUnsafeTemporaryAllocation(byteCount: 1 << 18, alignment: 64) { buffer in
            while true {
                let count = Foundation.read(descriptor, buffer.baseAddress, buffer.count)
                if count > 0 {
                    body(UnsafeRawBufferPointer(rebasing: buffer[..<count]))
                    size += count
                } else if count == 0 || errno != EINTR {
                    if count < 0 { code = errno }
                    return
                }
            }
        }
        guard code == 0 else { throw failure(url, code) }
        return size
    }

    /// SHA-256 and size of a file.
    static func sha256(_ url: URL) throws(CutisError) -> (hash: String, size: Int) {
        var hash = SHA256()
        let size = try read(url) { hash.update(bufferPointer: $0) }
        return (hex(hash.finalize()), size)
    }

    /// MD5 and size of a file; DVC names contents by it, nothing here trusts it.
    static func md5(_ url: URL) throws(CutisError) -> (hash: String, size: Int) {
        var hash = Insecure.MD5()
        let size = try read(url) { hash.update(bufferPointer: $0) }
        return (hex(hash.finalize()), size)
    }

    /// MD5 of text.
    static func md5(_ text: String) -> String {
        hex(Insecure.MD5.hash(data: Data(text.utf8)))
    }

    /// SHA-256 of text.
    static func sha256(_ text: String) -> String {
        hex(SHA256.hash(data: Data(text.utf8)))
    }

    /// SHA-256 and size of an image's samples.
    static func sha256(_ image: PixelBuffer) -> (hash: String, size: Int) {
        (hex(SHA256.hash(data: image.pixels)), image.pixels.count)
    }

    private static func hex(_ bytes: some Sequence<UInt8>) -> String {
        let digits = Array("0123456789abcdef".utf8)
        return String(decoding: bytes.flatMap { [digits[Int($0 >> 4)], digits[Int($0 & 15)]] }, as: UTF8.self)
    }

    private static func failure(_ url: URL, _ code: Int32) -> CutisError {
        if code == ENOENT || code == ENOTDIR {
            return CutisError(
                .fileNotFound, "\(url.path) does not exist.", remedy: "Complete the data set (`cutis data check`).")
        }
        return CutisError(
            .fileUnreadable, "\(url.path) cannot be read (\(String(cString: strerror(code)))).",
            remedy: "Check its permissions.")
    }
}
