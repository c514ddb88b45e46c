import Foundation

/// Runs a body in a folder on a disk of one megabyte that a file `ballast` of 300 kB partly fills. Its tests are skipped
/// where no file system may be mounted (`SmallDisk.isAvailable`).
func withSmallDisk(_ body: (URL) async throws -> Void) async throws {
    try await withTemporaryFolder { folder in
        try SmallDisk.run("/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path])
        defer { try? SmallDisk.run("/bin/umount", ["-l", folder.path]) }
        try Data(count: 300_000).write(to: folder.appendingPathComponent("ballast"))
        try await body(folder)
    }
}

/// Whether this process may mount a file system of its own.
enum SmallDisk {
    static let isAvailable: Bool = {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-mount-\(UUID().uuidString)")
        try? FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        guard (try? run("/bin/mount", ["-t", "tmpfs", "-o", "size=1m", "tmpfs", folder.path])) != nil else {
            return false
        }
        try? run("/bin/umount", ["-l", folder.path])
        return true
    }()

    struct Failed: Error {}

    static func run(_ tool: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
    }
}
