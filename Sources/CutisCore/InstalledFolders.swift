public import Foundation

/// The folders in which what ships with Cutis may be.
public enum InstalledFolders {
    /// `$CUTIS_HOME`, `../share/cutis` beside the binary (an installation), the binary's folder and those above it (a
    /// checkout's build), in the order in which they are searched.
    public static var candidates: [URL] {
        var folders: [URL] = []
        if let home = ProcessInfo.processInfo.environment["CUTIS_HOME"], !home.isEmpty {
            folders.append(URL(fileURLWithPath: home))
        }
        let executable =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        folders.append(folder.deletingLastPathComponent().appendingPathComponent("share/cutis"))
        for _ in 0..<5 {
            folders.append(folder)
            folder.deleteLastPathComponent()
        }
        return folders
    }

    /// The first place where a file or folder is; nil where there is none.
    public static func find(_ name: String) -> URL? {
        candidates.lazy.map { $0.appendingPathComponent(name) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
