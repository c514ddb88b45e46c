public import CutisCore
import CutisImaging
import Foundation

/// The task `classify`: one image → the probability of each class.
public struct Classifier: Predicting {
    /// The model behind the task.
    public let host: ModelHost
    private let recommendations: Recommendations?

    /// Loads a classification bundle.
    ///
    /// - Throws: `CutisError` as `ModelBundle` and `LoadedModel` document; `.bundleInvalid` where the bundle is for
    ///   another task.
    public init(_ bundle: ModelBundle, options: LoadOptions = LoadOptions()) async throws {
        try bundle.require(.classification)
        recommendations = bundle.recommendations
        host = try await ModelHost.load(bundle, options: options)
    }

    /// Classifies images as one batch, in their order.
    public func classify(_ images: [PreparedImage]) async throws -> [Classification] {
        guard !images.isEmpty else { return [] }
        let inputs = images.map(\.input)
        let start = ContinuousClock.now
        let probabilities = try await host.run { try $0.probabilities(inputs) }
        // A batch has one time; its share is what one image cost.
        let share = (ContinuousClock.now - start) / images.count
        let (labels, thresholds) = (host.manifest.labels.labels, host.manifest.thresholds)
        return zip(images, probabilities).map { image, row in
            let classes = zip(labels, row).map { ClassProbability($0, probability: $1) }
            let sorted = classes.sorted { $0.probability > $1.probability }
            return Classification(
                image: image.name, model: host.identity, classes: sorted,
                recommendation: recommendations?.text(for: sorted, thresholds: thresholds) ?? Recommendations.none,
                latencyMilliseconds: (image.duration + share) / .milliseconds(1))
        }
    }

    /// Explains one class of one image.
    ///
    /// - Parameters:
    ///   - classIndex: the class that Grad-CAM follows; attention maps of ViTs do not depend on it.
    ///   - method: nil takes what fits the architecture.
    /// - Throws: `CutisError` with `.invalidArguments` for an image that was prepared without its picture or a method
    ///   that the architecture does not have.
    public func explain(
        _ image: PreparedImage, classIndex: Int, method: ExplanationMethod? = nil
    ) async throws -> ExplanationMap {
        try await host.explain(image, classIndex: classIndex, method: method)
    }
}
