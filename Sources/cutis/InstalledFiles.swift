import CutisCore
import Foundation

/// Finds what ships with Cutis, wherever it is installed.
enum InstalledFiles {
    /// The folder of the default dermoscopic classifier.
    ///
    /// Looked for in `$CUTIS_HOME/Models`, in the folders above the binary (a checkout) and in
    /// `../share/cutis/Models` beside it (an installation).
    static func defaultModel() throws(CutisError) -> URL {
        try find("Models/cutis-dermoscopy/bundle.json").deletingLastPathComponent()
    }

    /// The rules that turn a dermoscopic answer into a recommendation.
    static func recommendations() throws(CutisError) -> URL {
        try find("Models/recommendations/ham10000.json")
    }

    private static func find(_ name: String) throws(CutisError) -> URL {
        let places = roots().map { $0.appendingPathComponent(name) }
        if let found = places.first(where: { FileManager.default.fileExists(atPath: $0.path) }) { return found }
        throw CutisError(
            .fileNotFound, "\(name), which ships with Cutis, was not found near the binary.",
            remedy: "Set CUTIS_HOME to the folder that holds Models/, or name a bundle with --model.")
    }

    /// A file of the shared data set folder beside the checkout, where it is present.
    static func sharedData(_ path: String) -> URL? {
        roots().lazy
            .map { $0.deletingLastPathComponent().appendingPathComponent("shared/data").appendingPathComponent(path) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }

    private static func roots() -> [URL] {
        var roots: [URL] = []
        if let home = ProcessInfo.processInfo.environment["CUTIS_HOME"], !home.isEmpty {
            roots.append(URL(fileURLWithPath: home))
        }
        let executable =
            (try? FileManager.default.destinationOfSymbolicLink(atPath: "/proc/self/exe")) ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: executable).deletingLastPathComponent()
        roots.append(folder.deletingLastPathComponent().appendingPathComponent("share/cutis"))
        for _ in 0..<5 {
            roots.append(folder)
            folder.deleteLastPathComponent()
        }
        return roots
    }
}
