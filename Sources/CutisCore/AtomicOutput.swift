public import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Writes files and folders under a temporary name and renames them when they are whole.
///
/// A reader never sees a half-written output, and a failure or an interrupt leaves nothing behind
/// (`TemporaryPaths.removeAll()` is what the interrupt handler calls).
public enum AtomicOutput {
    /// Writes one file.
    ///
    /// - Parameters:
    ///   - url: the final place; its folder must exist. An existing file is replaced.
    ///   - body: writes the content to the temporary file that it is given, through `handle.write(contentsOf:)`.
    /// - Throws: `CutisError` with `.outputUnwritable` or `.noSpaceLeft`; what `body` throws otherwise.
    public static func file(_ url: URL, _ body: (FileHandle) throws -> Void) throws {
        let temporary = sibling(of: url)
        guard FileManager.default.createFile(atPath: temporary.path, contents: nil) else {
            throw failure(errno, writing: url)
        }
        TemporaryPaths.insert(temporary.path)
        do {
            let handle = try FileHandle(forWritingTo: temporary)
            do {
                try body(handle)
                try handle.synchronize()
                try handle.close()
            } catch {
                try? handle.close()
                throw error
            }
            guard rename(temporary.path, url.path) == 0 else { throw failure(errno, writing: url) }
            TemporaryPaths.forget(temporary.path)
        } catch {
            TemporaryPaths.removeNow(temporary.path)
            throw translated(error, writing: url)
        }
    }

    /// Writes one file from bytes in memory.
    public static func file(_ url: URL, _ data: Data) throws {
        try file(url) { try $0.write(contentsOf: data) }
    }

    /// Fills a folder and moves it into place.
    ///
    /// - Parameters:
    ///   - url: the final place. It must not exist, or be an empty folder, unless `replacing` is true.
    ///   - replacing: replaces an existing folder.
    ///   - body: fills the temporary folder that it is given.
    /// - Throws: `CutisError` with `.outputUnwritable` or `.noSpaceLeft`; what `body` throws otherwise.
    public static func folder(_ url: URL, replacing: Bool = false, _ body: (URL) throws -> Void) throws {
        let manager = FileManager.default
        let exists = manager.fileExists(atPath: url.path)
        if !replacing { try requireFree(url) }
        let temporary = sibling(of: url)
        do {
            try manager.createDirectory(at: temporary, withIntermediateDirectories: true)
            TemporaryPaths.insert(temporary.path)
            try body(temporary)
            if exists { try manager.removeItem(at: url) }
            guard rename(temporary.path, url.path) == 0 else { throw failure(errno, writing: url) }
            TemporaryPaths.forget(temporary.path)
        } catch {
            TemporaryPaths.removeNow(temporary.path)
            throw translated(error, writing: url)
        }
    }

    /// Refuses a folder that `folder` would refuse: long work asks before it begins.
    ///
    /// - Throws: `CutisError` with `.outputUnwritable` where something is there that is no empty folder.
    public static func requireFree(_ url: URL) throws(CutisError) {
        let manager = FileManager.default
        let isEmpty = (try? manager.contentsOfDirectory(atPath: url.path).isEmpty) ?? false
        guard isEmpty || !manager.fileExists(atPath: url.path) else {
            throw CutisError(
                .outputUnwritable, "\(url.path) already exists.",
                remedy: "Choose another output folder or remove this one.")
        }
    }

    /// The error for a failed system call while writing `url`.
    public static func failure(_ code: Int32, writing url: URL) -> CutisError {
        let reason = String(cString: strerror(code))
        if code == ENOSPC || code == EDQUOT || code == EFBIG {
            return CutisError(
                .noSpaceLeft, "No space left to write \(url.path) (\(reason)).",
                remedy: "Free some space or write to another disk; nothing was left behind.")
        }
        return CutisError(
            .outputUnwritable, "Cannot write \(url.path) (\(reason)).",
            remedy: "Check that the folder exists and that you may write to it.")
    }

    private static func sibling(of url: URL) -> URL {
        let name = ".\(url.lastPathComponent).\(UUID().uuidString.prefix(8)).tmp"
        return url.deletingLastPathComponent().appendingPathComponent(name)
    }

    private static func translated(_ error: any Error, writing url: URL) -> any Error {
        if error is CutisError { return error }
        let cocoa = error as NSError
        if let underlying = cocoa.userInfo[NSUnderlyingErrorKey] as? NSError, underlying.domain == NSPOSIXErrorDomain {
            return failure(Int32(underlying.code), writing: url)
        }
        if cocoa.domain == NSPOSIXErrorDomain { return failure(Int32(cocoa.code), writing: url) }
        if cocoa.domain == NSCocoaErrorDomain {
            return failure(cocoa.code == CocoaError.fileWriteOutOfSpace.rawValue ? ENOSPC : EACCES, writing: url)
        }
        return error
    }
}
