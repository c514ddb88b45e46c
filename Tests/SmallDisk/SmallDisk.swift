package import Foundation

/// A file system of its own that is soon full. Tests that need one are skipped where none may be mounted (`isAvailable`).
package enum SmallDisk {
    package static let isAvailable: Bool = {
        guard let folder = try? mounted(megabytes: 1) else { return false }
        remove(folder)
        return true
    }()

    private struct Failed: Error {}

    /// Runs a body in a folder on a disk of so many megabytes; a file `ballast` fills 30 % of it.
    package static func with(megabytes: Int = 1, _ body: (URL) async throws -> Void) async throws {
        let folder = try mounted(megabytes: megabytes)
        defer { remove(folder) }
        try Data(count: megabytes * 300_000).write(to: folder.appendingPathComponent("ballast"))
        try await body(folder)
    }

    private static func mounted(megabytes: Int) throws -> URL {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("cutis-disk-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        do {
            try run("/bin/mount", ["-t", "tmpfs", "-o", "size=\(megabytes)m", "tmpfs", folder.path])
        } catch {
            try? FileManager.default.removeItem(at: folder)
            throw error
        }
        return folder
    }

    private static func remove(_ folder: URL) {
        try? run("/bin/umount", ["-l", folder.path])
        try? FileManager.default.removeItem(at: folder)
    }

    private static func run(_ tool: String, _ arguments: [String]) throws {
        let process = Process()
        process.executableURL = URL(fileURLWithPath: tool)
        process.arguments = arguments
        process.standardError = FileHandle.nullDevice
        try process.run()
        process.waitUntilExit()
        guard process.terminationStatus == 0 else { throw Failed() }
    }
}
