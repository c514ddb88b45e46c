import CutisCore
import CutisImaging
import Foundation

/// The self-test of a bundle: images and what the model must answer to them.
enum GoldenCase {
    /// How many numbers of an embedding are kept.
    static let embeddingLength = 32

    /// What a model answers to a golden case.
    static func output(of model: LoadedModel, images: [URL]) throws -> [Double] {
        let manifest = model.bundle.manifest
        let inputs = try images.map { try PreparedImage($0, recipe: manifest.preprocessing).input }
        return switch manifest.task {
        case .classification: try model.probabilities(inputs).flatMap(\.self)
        case .screening: try model.screen(inputs).probabilities
        case .embedding: try model.embeddings(inputs).flatMap { $0.prefix(embeddingLength).map(Double.init) }
        }
    }

    /// The largest absolute difference; not-a-number never passes.
    static func largestDifference(_ output: [Double], _ expected: [Double]) throws(CutisError) -> Double {
        guard output.count == expected.count else {
            throw CutisError(
                .goldenMismatch,
                "The golden case expects \(expected.count) numbers and the model gave \(output.count).",
                remedy: "Import the model again.")
        }
        return zip(output, expected).reduce(0) { largest, pair in
            let difference = abs(pair.0 - pair.1)
            return difference.isNaN ? .infinity : max(largest, difference)
        }
    }

    /// How many images a golden case has: a screening case shows that padding works.
    static func imageCount(_ task: BundleManifest.Task) -> Int { task == .screening ? 2 : 1 }
}
