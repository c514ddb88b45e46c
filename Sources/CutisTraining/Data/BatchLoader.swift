import CutisCore
package import CutisImaging
import CutisStatistics
import Foundation

/// The images of one optimiser step, ready to become tensors.
package struct TrainingBatch: Sendable {
    /// The batch's number in its epoch.
    package let number: Int
    /// The side of the images in pixels.
    package let side: Int
    /// [count, side, side, 3], normalised, interleaved.
    package let pixels: [Float]
    /// The class of each image.
    package let labels: [Int64]
    /// The class of the image that is mixed into each image.
    package let partners: [Int64]
    /// The share of each image in its mixture; 1 where nothing is mixed.
    package let share: Double
    /// The rows of the data set, to name them in errors.
    package let rows: [Int]
    /// How many images the batches of all ranks have together.
    package let globalCount: Int
    /// The images that could not be read and whose places others took.
    package let failures: [LoadFailure]

    /// Joins the parts; without `globalCount` there is one rank.
    package init(
        number: Int, side: Int, pixels: [Float], labels: [Int64], partners: [Int64], share: Double, rows: [Int],
        globalCount: Int? = nil, failures: [LoadFailure] = []
    ) {
        self.number = number
        self.side = side
        self.pixels = pixels
        self.labels = labels
        self.partners = partners
        self.share = share
        self.rows = rows
        self.globalCount = globalCount ?? labels.count
        self.failures = failures
    }
}

/// Decodes and augments the batches of an epoch on worker threads, ahead of the step.
///
/// What is in a batch depends on the seed, the epoch and the batch's number alone: the order of the rows is drawn per
/// epoch, and every place in it has its own generator, so the number of workers and their timing change nothing, and
/// an epoch can be entered in its middle. At most `workers + 2` batches are in memory besides the one in use.
package struct BatchLoader: Sendable {
    /// How an image becomes a model's input.
    package enum Preparation: Sendable {
        /// Random changes, at the size that the epoch asks for.
        case training(AugmentationConfiguration, ChannelNormalisation)
        /// As inference does it; the recipe's result must be a square.
        case evaluation(PreprocessingRecipe)
    }

    let cache: ImageCache
    let labels: [Int]
    /// Which rows are in which batch.
    package let sampler: Sampler
    let preparation: Preparation
    let workers: Int
    /// The images that could not be read so far.
    package let failures: LoadFailures

    /// Makes a loader.
    ///
    /// - Parameters:
    ///   - cache: decodes the images of the data set.
    ///   - labels: the class of each of them.
    ///   - sampler: which of them are in which batch.
    ///   - preparation: how they become numbers.
    ///   - workers: threads that decode and augment.
    ///   - failureLimit: how many images may fail, over all epochs; each is replaced by another row of the sampler.
    package init(
        cache: ImageCache, labels: [Int], sampler: Sampler, preparation: Preparation, workers: Int,
        failureLimit: Int = 10
    ) {
        self.cache = cache
        self.labels = labels
        self.sampler = sampler
        self.preparation = preparation
        self.workers = workers
        failures = LoadFailures(limit: max(0, failureLimit))
    }

    /// How many batches an epoch has.
    package var batchCount: Int { sampler.batchCount }

    /// Starts an epoch.
    ///
    /// - Parameters:
    ///   - epoch: counted from 0.
    ///   - position: the first batch; not 0 when a run is resumed in the middle of an epoch.
    ///   - side: of the images in pixels; an evaluation has that of its recipe.
    ///   - mixing: how images are mixed in pairs.
    package func epoch(_ epoch: Int, from position: Int = 0, side: Int, mixing: BatchMixing = .none) -> BatchStream {
        let maker = BatchMaker(
            loader: self, order: sampler.order(epoch: epoch), epoch: epoch, side: side, mixing: mixing)
        let first = min(max(0, position), batchCount)
        let batches = Prefetcher(count: batchCount - first, workers: workers, ahead: workers + 2) { number in
            try maker.batch(first + number)
        }
        return BatchStream(
            batches, failures: failures, state: SamplerState(seed: sampler.seed, epoch: epoch, position: first))
    }
}

/// The batches of an epoch, in their order.
package final class BatchStream {
    private let batches: Prefetcher<TrainingBatch>
    private let failures: LoadFailures
    /// Where the epoch is: a checkpoint keeps it, and `BatchLoader.epoch(_:from:side:mixing:)` goes on from there.
    package private(set) var state: SamplerState

    init(_ batches: Prefetcher<TrainingBatch>, failures: LoadFailures, state: SamplerState) {
        self.batches = batches
        self.failures = failures
        self.state = state
    }

    deinit { batches.cancel() }

    /// The next batch, or nil after the last; waits until it is made.
    ///
    /// - Throws: `.dataInvalid` when more images than the limit could not be read.
    package func next() throws -> TrainingBatch? {
        guard let batch = try batches.next() else { return nil }
        try failures.record(batch.failures)
        state.position += 1
        return batch
    }

    /// Ends the workers; `next()` then gives nil.
    package func cancel() {
        batches.cancel()
    }
}
