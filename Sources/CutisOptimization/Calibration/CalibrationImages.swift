import CutisCore
import CutisImaging
import CutisStatistics
import Foundation

/// Chooses the images that calibrate.
enum CalibrationImages {
    /// Decides which images calibrate, and their order.
    private static let seed: UInt64 = 1
    /// How many refused images an error names.
    private static let namedRefusals = 5

    /// A seeded selection of the readable images of a folder, sorted by path.
    ///
    /// - Throws: `.fileNotFound`, `.folderWithoutImages`; `.dataInvalid` where fewer than
    ///   `OptimizationRequest.fewestImages` can be read, with the reasons.
    static func select(from folder: URL, wanted: Int, recipe: PreprocessingRecipe) throws -> ImageSet {
        var urls = try ImageFinder.images(in: folder)
        var generator = SeededGenerator(seed: seed)
        generator.shuffle(&urls)
        let (readable, refused) = try ImageSet.readable(urls, wanted: wanted, recipe: recipe)
        guard readable.count >= OptimizationRequest.fewestImages else {
            var message =
                "The calibration folder \(folder.path) has \(count(readable.count, "readable image")), and at least "
                + "\(OptimizationRequest.fewestImages) are needed."
            if !refused.isEmpty {
                let reasons = refused.prefix(namedRefusals).map { $1.message }.joined(separator: " ")
                let more = refused.count > namedRefusals ? " And \(refused.count - namedRefusals) more." : ""
                message += " \(count(refused.count, "image")) could not be read: \(reasons)\(more)"
            }
            throw CutisError(
                .dataInvalid, message,
                remedy: "Give 32 to 128 images like those that the model will see; labels are not needed.")
        }
        return ImageSet(readable.sorted { $0.path < $1.path }, recipe: recipe)
    }

    private static func count(_ number: Int, _ what: String) -> String { "\(number) \(what)\(number == 1 ? "" : "s")" }
}
