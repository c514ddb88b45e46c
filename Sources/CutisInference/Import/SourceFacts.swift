import Foundation

/// What the place of a checkpoint says about it.
struct SourceFacts {
    /// A name for the bundle, of allowed characters.
    let name: String
    /// The licence in the front matter of the README beside the weights, where there is one.
    let licence: String?

    init(_ source: URL) {
        let isFolder = (try? source.resourceValues(forKeys: [.isDirectoryKey]).isDirectory) ?? false
        let folder = isFolder ? source : source.deletingLastPathComponent()
        // In the hub's cache a snapshot is called by its commit; the repository's name is two folders above.
        let repository = source.deletingLastPathComponent().deletingLastPathComponent().lastPathComponent
        let isSnapshot = source.deletingLastPathComponent().lastPathComponent == "snapshots"
        let raw =
            isSnapshot && repository.hasPrefix("models--")
            ? repository.dropFirst("models--".count).replacingOccurrences(of: "--", with: "-")
            : isFolder ? source.lastPathComponent : source.deletingPathExtension().lastPathComponent
        let cleaned = raw.map { $0.isASCII && ($0.isLetter || $0.isNumber || "._-".contains($0)) ? $0 : "-" }
        name = String(cleaned.prefix(128))
        licence = Self.licence(in: folder.appendingPathComponent("README.md"))
    }

    private static func licence(in readme: URL) -> String? {
        guard let handle = try? FileHandle(forReadingFrom: readme) else { return nil }
        defer { try? handle.close() }
        let start = String(decoding: (try? handle.read(upToCount: 4096)) ?? Data(), as: UTF8.self)
        guard start.hasPrefix("---") else { return nil }
        let line = start.split(separator: "\n").dropFirst().prefix { $0 != "---" }.first { $0.hasPrefix("license:") }
        guard let value = line?.dropFirst("license:".count).trimmingCharacters(in: .whitespaces.union(["\"", "'"])),
            (1...80).contains(value.count)
        else { return nil }
        return value
    }
}
