import CutisCore
import Foundation

/// Finds what ships with Cutis, wherever it is installed.
enum InstalledFiles {
    /// The folder of the default dermoscopic classifier.
    ///
    /// Looked for in `Models` of `InstalledFolders`.
    static func defaultModel() throws(CutisError) -> URL {
        try find("Models/cutis-dermoscopy/bundle.json").deletingLastPathComponent()
    }

    /// The rules that turn a dermoscopic answer into a recommendation.
    static func recommendations() throws(CutisError) -> URL {
        try find("Models/recommendations/ham10000.json")
    }

    private static func find(_ name: String) throws(CutisError) -> URL {
        if let found = InstalledFolders.find(name) { return found }
        throw CutisError(
            .fileNotFound, "\(name), which ships with Cutis, was not found near the binary.",
            remedy: "Set CUTIS_HOME to the folder that holds Models/, or name a bundle with --model.")
    }

    /// A file of the shared data set folder beside the checkout, where it is present.
    static func sharedData(_ path: String) -> URL? {
        InstalledFolders.candidates.lazy
            .map { $0.deletingLastPathComponent().appendingPathComponent("shared/data").appendingPathComponent(path) }
            .first { FileManager.default.fileExists(atPath: $0.path) }
    }
}
