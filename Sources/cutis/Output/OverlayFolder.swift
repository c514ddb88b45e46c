import CutisCore
import CutisImaging
import CutisInference
import Foundation

/// Writes attention overlays into a folder, one PNG for each image.
final class OverlayFolder {
    private let folder: URL
    private var written: Set<String> = []

    /// Makes the folder where it does not exist yet.
    ///
    /// - Throws: `CutisError` with `.outputUnwritable`.
    init(_ path: String) throws {
        folder = URL(fileURLWithPath: path)
        do {
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        } catch {
            throw CutisError(
                .outputUnwritable, "Cannot make the folder \(path) (\(error.localizedDescription)).",
                remedy: "Check that its parent exists and that you may write to it.")
        }
    }

    /// Writes `NAME.attention.png`, where NAME is the image's file name; a second image of that name in another
    /// folder gets a number.
    @discardableResult
    func write(_ map: ExplanationMap, over image: PreparedImage) throws -> URL {
        let overlay = try map.overlay()
        let name = URL(fileURLWithPath: image.name).lastPathComponent
        var url = folder.appendingPathComponent("\(name).attention.png")
        var number = 2
        while written.contains(url.path) {
            url = folder.appendingPathComponent("\(name).\(number).attention.png")
            number += 1
        }
        written.insert(url.path)
        try AtomicOutput.file(url, PNGEncoder.encode(overlay))
        return url
    }
}
