import CutisCore
public import Foundation

extension DatasetExploration {
    /// The page's name in the output folder.
    public static let pageName = "eda.html"
    /// The file for programs in the output folder.
    public static let jsonName = "eda.json"

    /// Writes page and JSON into a folder, both or none.
    ///
    /// - Parameter folder: must not exist, or be empty.
    /// - Throws: `CutisError` with `.outputUnwritable` or `.noSpaceLeft`.
    public func write(to folder: URL) throws {
        try AtomicOutput.folder(folder) { temporary in
            try Data(page.utf8).write(to: temporary.appendingPathComponent(Self.pageName))
            try Data((json.text() + "\n").utf8).write(to: temporary.appendingPathComponent(Self.jsonName))
        }
    }
}
