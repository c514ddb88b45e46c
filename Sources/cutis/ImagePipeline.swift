import CutisCore
import CutisImaging
import CutisInference
import Foundation

/// Feeds many images to a model: the next batch is decoded while the current one computes.
struct ImagePipeline {
    /// One image, prepared or refused.
    struct Item: Sendable {
        let url: URL
        let result: Result<PreparedImage, CutisError>
    }

    let files: [URL]
    let recipe: PreprocessingRecipe
    let batch: Int
    /// Replaces the recipe's own rule of decoding; nil leaves it.
    let decoding: DecodingExactness?
    /// Keeps the decoded pictures, which overlays need.
    var keepsOriginals = false
    let quiet: Bool

    /// Calls `body` with each batch in the order of the files; memory holds two batches at most.
    func forEachBatch(_ body: ([Item]) async throws -> Void) async throws {
        let progress = ProgressReporter("images", unit: "images", total: files.count, quiet: quiet)
        let batches = stride(from: 0, to: files.count, by: batch).map {
            Array(files[$0..<min($0 + batch, files.count)])
        }
        var upcoming = batches.first.map(start)
        for index in batches.indices {
            guard let current = await upcoming?.value else { break }
            upcoming = index + 1 < batches.count ? start(batches[index + 1]) : nil
            try await body(current)
            progress.advance(by: current.count)
        }
        progress.finish()
    }

    private func start(_ urls: [URL]) -> Task<[Item], Never> {
        let (recipe, decoding, keepsOriginals) = (recipe, decoding, keepsOriginals)
        return Task {
            let results = await PreparedImage.prepare(
                urls, recipe: recipe, decoding: decoding, keepsOriginals: keepsOriginals)
            return zip(urls, results).map(Item.init)
        }
    }
}
