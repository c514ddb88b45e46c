import CutisCore
import CutisImaging
import Foundation

/// What one request of a batch wants of a model.
public struct BatchPart: Sendable {
    /// What is wanted of the images.
    public enum Output: Sendable, Hashable {
        /// The probability of each class, for each image.
        case classes
        /// The probability of each class for all images as one case.
        case screening
        /// The features of each image, not normalised.
        case embeddings
    }

    /// What a model says to it.
    public enum Answer: Sendable {
        /// One row of probabilities for each image, in the order of the labels.
        case classes([[Double]])
        /// The probabilities of the case, and the share of attention of each image where the head has one.
        case screening(probabilities: [Double], attention: [Double]?)
        /// One vector for each image.
        case embeddings([[Float]])
    }

    /// What is wanted.
    public let output: Output
    /// 1 or more images; a screening case has 1–3.
    public let images: [PreparedImage]

    /// Joins the two.
    public init(_ output: Output, images: [PreparedImage]) {
        self.output = output
        self.images = images
    }
}

/// Several requests to one model as one pass.
public struct ModelBatch: Sendable {
    /// The model behind it.
    public let host: ModelHost

    /// Batches requests to a model.
    public init(_ host: ModelHost) { self.host = host }

    /// Answers all parts from one pass over all their images; the answers are in the order of the parts.
    ///
    /// - Throws: `CutisError` with `.invalidArguments` for a part that the model's task does not have or that has no
    ///   image, `.tooManyImages` for a screening case of more than three, and what the model throws.
    public func answer(_ parts: [BatchPart]) async throws -> [BatchPart.Answer] {
        for part in parts { try check(part) }
        return try await host.run { try $0.answers(to: parts) }
    }

    private func check(_ part: BatchPart) throws(CutisError) {
        if part.output == .screening { try Screener.checkCount(part.images.count) }
        guard !part.images.isEmpty else {
            throw CutisError(.invalidArguments, "A request without an image has no answer.", remedy: "Give an image.")
        }
        let task: BundleManifest.Task
        switch part.output {
        case .embeddings: return
        case .classes: task = .classification
        case .screening: task = .screening
        }
        guard host.manifest.task == task else {
            throw CutisError(
                .invalidArguments,
                "The model \(host.manifest.id) is for \(host.manifest.task.rawValue), not for \(task.rawValue).",
                remedy: "Ask a model for \(task.rawValue).")
        }
    }
}
