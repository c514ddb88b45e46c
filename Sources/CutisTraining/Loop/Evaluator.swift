import CutisCore
import CutisImaging
import CutisModels
import CutisStatistics
import CutisTensor
import Foundation

/// Computes logits of whole images with the preprocessing that inference uses.
struct Evaluator {
    let cache: ImageCache
    var recipe: PreprocessingRecipe
    /// Threads, each with its own batches and one LibTorch thread.
    let threads: Int
    private let batchSize = 32

    init(cache: ImageCache, recipe: PreprocessingRecipe, threads: Int) {
        self.cache = cache
        self.recipe = recipe
        self.threads = threads
    }

    /// The logits of rows, in their order; fp32.
    func logits(_ rows: [Int], _ model: ResNet) throws -> [[Double]] {
        let starts = Array(stride(from: 0, to: rows.count, by: batchSize))
        var results = [Result<[[Double]], any Error>?](repeating: nil, count: starts.count)
        // The threads only read the model and write places of their own; the caller waits for all of them.
        nonisolated(unsafe) let model = model
        results.withUnsafeMutableBufferPointer { places in
            nonisolated(unsafe) let places = places
            DispatchQueue.concurrentPerform(iterations: threads) { thread in
                Runtime.threads = 1
                for number in stride(from: thread, to: starts.count, by: threads) {
                    let members = rows[starts[number]..<min(rows.count, starts[number] + batchSize)]
                    places[number] = Result { try batch(Array(members), model) }
                }
            }
        }
        return try results.flatMap { try $0?.get() ?? [] }
    }

    private func batch(_ rows: [Int], _ model: ResNet) throws -> [[Double]] {
        let images = try rows.map { try recipe.apply(to: cache.image($0)) }
        guard let first = images.first else { return [] }
        let x = try Tensor(images.flatMap(\.values), shape: [images.count] + first.shape)
        let values = try withInferenceMode { try model(x.contiguous(.channelsLast)).to(.float32).doubles() }
        let classes = values.count / images.count
        return images.indices.map { Array(values[($0 * classes)..<(($0 + 1) * classes)]) }
    }

    /// The few figures that choose an epoch.
    static func figures(
        logits: [[Double]], labels: [Int], melanoma: Int, sensitivity: Double
    ) throws -> ValidationFigures {
        let identity = try TemperatureScaling(temperature: 1)
        let rows = logits.map(identity.probabilities)
        let confusion = try ConfusionMatrix(probabilities: rows, labels: labels)
        let classes = confusion.counts.count
        var areas: [Double] = []
        for label in 0..<classes {
            areas.append(try ROC.area(scores: rows.map { $0[label] }, positives: labels.map { $0 == label }))
        }
        let recalls = confusion.counts.enumerated().compactMap { label, row in
            let count = row.reduce(0, +)
            return count > 0 ? Double(row[label]) / Double(count) : nil
        }
        let scores = rows.map { $0[melanoma] }
        let positives = labels.map { $0 == melanoma }
        let threshold = try ThresholdRule.sensitivity(atLeast: sensitivity)
            .threshold(scores: scores, positives: positives)
        let point = try OperatingPoint(threshold: threshold, scores: scores, positives: positives)
        let loss = zip(rows, labels).reduce(0) { $0 - log(max(1e-300, $1.0[$1.1])) } / Double(labels.count)
        return ValidationFigures(
            loss: loss, accuracy: try confusion.accuracy().value,
            balancedAccuracy: recalls.reduce(0, +) / Double(recalls.count),
            macroAUROC: areas.reduce(0, +) / Double(classes), melanomaAUROC: areas[melanoma],
            melanomaSensitivity: point.sensitivity.value, melanomaSpecificity: point.specificity.value)
    }
}
