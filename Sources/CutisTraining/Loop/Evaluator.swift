import CutisCore
import CutisImaging
import CutisTensor
import Foundation

/// Computes logits of whole images with the preprocessing that inference uses.
struct Evaluator {
    let cache: ImageCache
    /// The preprocessing of a bundle that would be written now.
    var recipe: PreprocessingRecipe
    /// Threads, each with its own batches and one LibTorch thread; 1 leaves the threads to LibTorch.
    let threads: Int
    let device: Device
    private let batchSize = 32

    /// Joins the parts.
    init(cache: ImageCache, recipe: PreprocessingRecipe, threads: Int, device: Device) {
        self.cache = cache
        self.recipe = recipe
        self.threads = threads
        self.device = device
    }

    /// The logits of rows, in their order; computed in float32.
    ///
    /// - Throws: what the decoder says about an image that it refuses: figures without an image would be others.
    func logits(_ rows: [Int], _ model: TrainableModel) throws -> [[Double]] {
        let starts = Array(stride(from: 0, to: rows.count, by: batchSize))
        var results = [Result<[[Double]], any Error>?](repeating: nil, count: starts.count)
        // The threads only read the model and write places of their own; the caller waits for all of them.
        nonisolated(unsafe) let model = model
        results.withUnsafeMutableBufferPointer { places in
            nonisolated(unsafe) let places = places
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                if threads > 1 { Runtime.threads = 1 }
                for number in stride(from: thread, to: starts.count, by: threads) {
                    let members = rows[starts[number]..<min(rows.count, starts[number] + batchSize)]
                    places[number] = Result { try batch(Array(members), model) }
                }
            }
        }
        return try results.flatMap { try $0?.get() ?? [] }
    }

    private func batch(_ rows: [Int], _ model: TrainableModel) throws -> [[Double]] {
        let images = try rows.map { try recipe.apply(to: cache.image($0)) }
        guard let first = images.first else { return [] }
        let x = try Tensor(images.flatMap(\.values), shape: [images.count] + first.shape).to(device)
        let values = try withInferenceMode {
            try model(x.contiguous(.channelsLast)).to(.float32).to(.cpu).doubles()
        }
        let classes = values.count / images.count
        return images.indices.map { Array(values[($0 * classes)..<(($0 + 1) * classes)]) }
    }
}
