import CutisCore
import CutisImaging
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
}

/// Decodes and augments the batches of an epoch on worker threads, ahead of the step.
///
/// What is in a batch depends on the seed and the epoch alone: the order of the rows is drawn per epoch, and every
/// image has its own generator, so the number of workers and their timing change nothing. The last images that do not
/// fill a batch are left out of the epoch (another draw comes with the next).
package struct BatchLoader: Sendable {
    let cache: ImageCache
    let labels: [Int]
    let rows: [Int]
    let batchSize: Int
    let augmentation: LesionAugmentation
    let normalisation: Normalisation
    let seed: UInt64
    let workers: Int

    /// Makes a loader for the given rows of a cache.
    package init(
        cache: ImageCache, labels: [Int], rows: [Int], batchSize: Int, augmentation: LesionAugmentation,
        normalisation: Normalisation, seed: UInt64, workers: Int
    ) {
        self.cache = cache
        self.labels = labels
        self.rows = rows
        self.batchSize = batchSize
        self.augmentation = augmentation
        self.normalisation = normalisation
        self.seed = seed
        self.workers = workers
    }

    /// How many batches an epoch has.
    package var batchCount: Int { rows.count / max(1, batchSize) }

    /// Starts an epoch; cancel what is returned when it is not read to its end.
    package func epoch(_ epoch: Int, side: Int, mixing: BatchMixing) -> Prefetcher<TrainingBatch> {
        var generator = SeededGenerator(seed: seed, stream: UInt64(epoch))
        var order = rows
        generator.shuffle(&order)
        let shuffled = order
        return Prefetcher(count: batchCount, workers: workers, ahead: workers + 3) { number in
            try batch(number, of: shuffled, epoch: epoch, side: side, mixing)
        }
    }

    private func batch(_ number: Int, of order: [Int], epoch: Int, side: Int, _ mixing: BatchMixing) throws
        -> TrainingBatch
    {
        let members = Array(order[(number * batchSize)..<((number + 1) * batchSize)])
        let size = side * side * 3
        var pixels = [Float](repeating: 0, count: members.count * size)
        for (position, row) in members.enumerated() {
            let image = try cache.image(row)
            var generator = SeededGenerator(seed: seed, stream: Self.stream(epoch: epoch, item: row))
            try pixels.withUnsafeMutableBufferPointer { buffer in
                let place = UnsafeMutableBufferPointer(rebasing: buffer[(position * size)..<((position + 1) * size)])
                try augmentation.write(image, side: side, recipe: normalisation, to: place, &generator)
            }
        }
        var generator = SeededGenerator(seed: ~seed, stream: Self.stream(epoch: epoch, item: number))
        let share = mixing.apply(&pixels, count: members.count, side: side, &generator)
        let own = members.map { Int64(labels[$0]) }
        return TrainingBatch(
            number: number, side: side, pixels: pixels, labels: own, partners: own.reversed(), share: share,
            rows: members)
    }

    private static func stream(epoch: Int, item: Int) -> UInt64 {
        UInt64(epoch) << 32 | UInt64(item)
    }
}
