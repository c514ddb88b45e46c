import CutisCore
import Foundation

/// Reads image files whole, with bounds, into memory.
enum ImageFile {
    /// The bytes of a regular file.
    ///
    /// - Throws: `CutisError` with `.fileNotFound`, `.fileUnreadable`, `.fileEmpty` or `.imageTooLarge`.
    static func read(_ url: URL, maximumBytes: Int) throws(CutisError) -> Data {
        let path = url.path
        // Without O_NONBLOCK the opening of a named pipe would wait for its writer.
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { throw openFailure(path, errno) }
        defer { close(descriptor) }
        let size = try regularFileSize(descriptor, path)
        guard size > 0 else {
            throw CutisError(.fileEmpty, "\(path) is empty.", remedy: "Copy or export the image again.")
        }
        guard size <= maximumBytes else { throw tooLarge(path, size, maximumBytes) }
        return try readAll(descriptor, size, path)
    }

    /// The first bytes of a file, at most `length`; nil when it is not a regular file that can be read.
    static func start(of path: String, length: Int) -> Data? {
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK)
        guard descriptor >= 0 else { return nil }
        defer { close(descriptor) }
        guard let size = try? regularFileSize(descriptor, path) else { return nil }
        return try? readAll(descriptor, min(size, length), path)
    }

    static func tooLarge(_ name: String, _ size: Int, _ maximum: Int) -> CutisError {
        CutisError(
            .imageTooLarge, "\(name) has \(size) bytes; at most \(maximum) are read.",
            remedy: "Export the image at a smaller size.")
    }

    private static func regularFileSize(_ descriptor: Int32, _ path: String) throws(CutisError) -> Int {
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(path, String(cString: strerror(errno))) }
        let kind = status.st_mode & S_IFMT
        guard kind != S_IFDIR else { throw unreadable(path, "it is a folder") }
        guard kind == S_IFREG else { throw unreadable(path, "it is not a regular file") }
        return Int(status.st_size)
    }

    private static func readAll(_ descriptor: Int32, _ size: Int, _ path: String) throws(CutisError) -> Data {
        var code: Int32 = 0
        let bytes = [UInt8](unsafeUninitializedCapacity: size) { buffer, count in
            while count < size, let base = buffer.baseAddress {
                let step = Foundation.read(descriptor, base + count, size - count)
                if step > 0 {
                    count += step
                } else if step == 0 {
                    break
                } else if errno != EINTR {
                    code = errno
                    break
                }
            }
        }
        guard code == 0 else { throw unreadable(path, String(cString: strerror(code))) }
        return Data(bytes)
    }

    private static func openFailure(_ path: String, _ code: Int32) -> CutisError {
        guard code == ENOENT || code == ENOTDIR else { return unreadable(path, String(cString: strerror(code))) }
        return CutisError(.fileNotFound, "\(path) does not exist.", remedy: "Check the path.")
    }

    private static func unreadable(_ path: String, _ reason: String) -> CutisError {
        CutisError(
            .fileUnreadable, "\(path) cannot be read (\(reason)).",
            remedy: "Give an image file that you may read.")
    }
}
