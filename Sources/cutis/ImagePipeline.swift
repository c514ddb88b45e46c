import CutisCore
import CutisInference

/// Feeds many images to a model: the next batch is decoded while the current one computes.
struct ImagePipeline<Source: Sendable>: Sendable {
    /// One image, prepared or refused.
    struct Item: Sendable {
        let source: Source
        let result: Result<PreparedImage, CutisError>
    }

    /// What the images are made of, such as their files.
    let sources: [Source]
    let batch: Int
    let quiet: Bool
    /// Makes one image; called on several threads at once.
    let prepare: @Sendable (Source) throws(CutisError) -> PreparedImage

    /// Calls `body` with each batch in the order of the sources; memory holds two batches at most.
    func forEachBatch(_ body: ([Item]) async throws -> Void) async throws {
        let progress = ProgressReporter("images", unit: "images", total: sources.count, quiet: quiet)
        let batches = stride(from: 0, to: sources.count, by: batch).map {
            Array(sources[$0..<min($0 + batch, sources.count)])
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

    private func start(_ sources: [Source]) -> Task<[Item], Never> {
        Task { zip(sources, await PreparedImage.prepare(sources, prepare)).map(Item.init) }
    }
}
