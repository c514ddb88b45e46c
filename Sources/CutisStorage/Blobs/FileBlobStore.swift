import CutisCore
public import Foundation

#if canImport(Glibc)
    import Glibc
#endif

/// Blobs as files: a key is a path below a folder.
///
/// A blob is written under a temporary name, waits for the disk, gets its name, and the folder waits for the disk: a
/// reader never sees a part, and what was put survives a crash. Folders and files are open to their owner alone.
public struct FileBlobStore: BlobStore {
    /// The folder below which all blobs are.
    public let root: URL
    /// Holds files that have no name yet. A key cannot name it: it has a dot.
    private let incoming: URL

    /// Opens a store, and makes its folder where there is none.
    ///
    /// What a crash left half-written is removed, once it is an hour old: another process may be writing.
    ///
    /// - Throws: `CutisError` with `.outputUnwritable` or `.noSpaceLeft`.
    public init(_ root: URL) throws {
        self.root = root
        incoming = root.appendingPathComponent(".incoming")
        try Self.makeFolder(root)
        try Self.makeFolder(incoming)
        try removeLeftovers(olderThan: 3600)
    }

    /// Keeps bytes under a key, for good once it returns.
    public func put(_ key: String, _ data: Data) async throws {
        try BlobKey.check(key)
        try await BlockingWork.run {
            let temporary = try self.write(data, for: key)
            defer { unlink(temporary.path) }
            let target = self.url(of: key)
            try self.inFolder(of: target) {
                // A link, unlike a rename, never takes the place of a blob that is there.
                guard link(temporary.path, target.path) == 0 else { return errno }
                return 0
            } whenPresent: {
                guard try self.read(key, range: nil) == data else { throw CutisError.blobConflict(key) }
            }
            try Self.synchroniseFolder(target.deletingLastPathComponent())
        }
    }

    /// Puts other bytes in the place of a key's.
    public func replace(_ key: String, _ data: Data) async throws {
        try BlobKey.check(key)
        try await BlockingWork.run {
            let target = self.url(of: key)
            var status = stat()
            guard lstat(target.path, &status) == 0, status.st_mode & S_IFMT == S_IFREG else {
                throw CutisError.blobMissing(key)
            }
            let temporary = try self.write(data, for: key)
            defer { unlink(temporary.path) }
            try DurableFile.rename(temporary, to: target)
        }
    }

    /// The bytes of a key.
    public func get(_ key: String) async throws -> Data {
        try BlobKey.check(key)
        return try await BlockingWork.run { try self.read(key, range: nil) }
    }

    /// A part of the bytes of a key, read from its place in the file.
    public func get(_ key: String, range: Range<Int>) async throws -> Data {
        try BlobKey.check(key)
        return try await BlockingWork.run { try self.read(key, range: range) }
    }

    /// Removes a key, and the folders that held nothing else.
    public func delete(_ key: String) async throws {
        try BlobKey.check(key)
        try await BlockingWork.run {
            let target = self.url(of: key)
            guard unlink(target.path) == 0 else {
                if errno == ENOENT || errno == ENOTDIR { return }
                throw AtomicOutput.failure(errno, writing: target)
            }
            var folder = target.deletingLastPathComponent()
            try Self.synchroniseFolder(folder)
            // Folders are named after cases: an empty one must not outlive them. A full one stays.
            while folder.path != root.path, rmdir(folder.path) == 0 { folder.deleteLastPathComponent() }
        }
    }

    /// All keys with a prefix.
    public func keys(prefix: String) async throws -> [String] {
        try BlobKey.check(prefix: prefix)
        return try await BlockingWork.run {
            var keys: [String] = []
            // Whole parts of the prefix name the folder to look in.
            let parts = prefix.split(separator: "/", omittingEmptySubsequences: false).dropLast()
            try self.collect(parts.map(String.init).joined(separator: "/"), prefix: prefix, into: &keys)
            return keys
        }
    }

    /// Removes temporary files that are older than some seconds.
    func removeLeftovers(olderThan seconds: Double) throws {
        let names = (try? FileManager.default.contentsOfDirectory(atPath: incoming.path)) ?? []
        for name in names {
            let path = incoming.appendingPathComponent(name).path
            var status = stat()
            guard stat(path, &status) == 0 else { continue }
            if Date().timeIntervalSince1970 - Double(status.st_mtim.tv_sec) >= seconds { unlink(path) }
        }
    }

    private func url(of key: String) -> URL {
        root.appendingPathComponent(key)
    }

    private func write(_ data: Data, for key: String) throws -> URL {
        let temporary = incoming.appendingPathComponent(UUID().uuidString)
        do {
            try DurableFile.write(data, to: temporary)
        } catch {
            unlink(temporary.path)
            throw error
        }
        return temporary
    }

    /// Gives a file its name in a folder that may have to be made, and that a deletion may just have removed.
    private func inFolder(of target: URL, _ place: () -> Int32, whenPresent: () throws -> Void) throws {
        for _ in 0..<20 {
            try makeFolders(to: target)
            switch place() {
            case 0: return
            case EEXIST: return try whenPresent()
            case ENOENT: continue
            case let code: throw AtomicOutput.failure(code, writing: target)
            }
        }
        throw AtomicOutput.failure(ENOENT, writing: target)
    }

    private func makeFolders(to target: URL) throws {
        var missing: [URL] = []
        var folder = target.deletingLastPathComponent()
        while folder.path != root.path, access(folder.path, F_OK) != 0 {
            missing.append(folder)
            folder.deleteLastPathComponent()
        }
        for folder in missing.reversed() { try Self.makeFolder(folder) }
    }

    private static func makeFolder(_ folder: URL) throws {
        guard mkdir(folder.path, 0o700) == 0 else {
            var status = stat()
            if errno == EEXIST, stat(folder.path, &status) == 0, status.st_mode & S_IFMT == S_IFDIR { return }
            // A folder above that a deletion has just removed: the caller tries again.
            if errno == ENOENT, access(folder.deletingLastPathComponent().path, F_OK) != 0 { return }
            throw AtomicOutput.failure(errno == EEXIST ? ENOTDIR : errno, writing: folder)
        }
        try synchroniseFolder(folder.deletingLastPathComponent())
    }

    /// Waits until a folder is on the disk. One that a deletion has removed since is none the worse for it.
    private static func synchroniseFolder(_ folder: URL) throws {
        do {
            try DurableFile.synchronise(folder)
        } catch {
            guard access(folder.path, F_OK) != 0, errno == ENOENT else { throw error }
        }
    }

    /// All bytes, or those of a range, cut to what there is.
    private func read(_ key: String, range: Range<Int>?) throws -> Data {
        let path = url(of: key).path
        let descriptor = open(path, O_RDONLY | O_CLOEXEC | O_NOFOLLOW)
        guard descriptor >= 0 else { throw unreadable(key, errno) }
        defer { Glibc.close(descriptor) }
        var status = stat()
        guard fstat(descriptor, &status) == 0 else { throw unreadable(key, errno) }
        guard status.st_mode & S_IFMT == S_IFREG else { throw CutisError.blobMissing(key) }
        let size = Int(status.st_size)
        let wanted = (range ?? 0..<size).clamped(to: 0..<size)
        var data = Data(count: wanted.count)
        let code: Int32 = data.withUnsafeMutableBytes { bytes in
            var done = 0
            while done < bytes.count {
                let place = off_t(wanted.lowerBound + done)
                let count = pread(descriptor, bytes.baseAddress?.advanced(by: done), bytes.count - done, place)
                if count < 0, errno == EINTR { continue }
                guard count > 0 else { return count == 0 ? EIO : errno }
                done += count
            }
            return 0
        }
        guard code == 0 else { throw unreadable(key, code) }
        return data
    }

    private func unreadable(_ key: String, _ code: Int32) -> CutisError {
        if code == ENOENT || code == ENOTDIR { return .blobMissing(key) }
        return CutisError(
            .storageUnavailable, "The blob \(key) cannot be read (\(String(cString: strerror(code)))).",
            remedy: "Check the disk below \(root.path) and that the user that runs Cutis may read it.")
    }

    private func collect(_ folder: String, prefix: String, into keys: inout [String]) throws {
        let url = folder.isEmpty ? root : root.appendingPathComponent(folder)
        guard let names = try? FileManager.default.contentsOfDirectory(atPath: url.path) else { return }
        for name in names where !name.hasPrefix(".") {
            let key = folder.isEmpty ? name : "\(folder)/\(name)"
            guard key.hasPrefix(prefix) || prefix.hasPrefix("\(key)/") else { continue }
            var status = stat()
            guard lstat(self.url(of: key).path, &status) == 0 else { continue }
            switch status.st_mode & S_IFMT {
            case S_IFDIR: try collect(key, prefix: prefix, into: &keys)
            case S_IFREG: keys.append(key)
            default: continue
            }
        }
    }
}
