#if canImport(Glibc)
    import Glibc
#endif

/// What is at a path, links followed.
struct FileStatus {
    let isFile: Bool
    let size: Int

    /// Looks at a path; nil where nothing is there, and for a link that leads nowhere.
    init?(_ path: String) {
        var found = stat()
        guard stat(path, &found) == 0 else { return nil }
        isFile = found.st_mode & S_IFMT == S_IFREG
        size = Int(found.st_size)
    }

    /// The bytes that a user may still write on the disk that holds a path; nil where the disk does not say.
    static func freeBytes(at path: String) -> Int? {
        var found = statvfs()
        guard statvfs(path, &found) == 0, found.f_blocks > 0 else { return nil }
        let (bytes, overflow) = UInt64(found.f_bavail).multipliedReportingOverflow(by: UInt64(found.f_frsize))
        return overflow ? Int.max : Int(clamping: bytes)
    }
}
