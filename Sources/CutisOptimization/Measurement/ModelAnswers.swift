import CutisCore
import CutisImaging
import CutisInference
import CutisModels
import CutisTensor
import Foundation

/// What a model says of images, in their order.
package struct ModelAnswers {
    package private(set) var embeddings: [[Float]] = []
    /// Empty for embedding bundles.
    package private(set) var probabilities: [[Double]] = []

    /// Joins answers that are known.
    package init(embeddings: [[Float]], probabilities: [[Double]]) {
        self.embeddings = embeddings
        self.probabilities = probabilities
    }

    /// Asks a model image by image, as `cutis bench` times it; the next images are decoded meanwhile.
    ///
    /// - Parameters:
    ///   - observer: sees the input of each layer that can be quantised.
    ///   - progress: is told after each image.
    init(
        _ model: LoadedModel, _ images: ImageSet, observer: LayerObserver? = nil, progress: () -> Void
    ) throws {
        try LoadedModel.translatingErrors {
            try withoutGrad {
                try images.forEach { image in
                    guard !Task.isCancelled else { throw CancellationError() }
                    let answer = try model.answers([image], observer: observer)
                    embeddings += answer.embeddings
                    probabilities += answer.probabilities
                    progress()
                }
            }
        }
    }
}
