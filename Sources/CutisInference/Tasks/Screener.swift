public import CutisCore
import CutisImaging
import Foundation

/// The task `screen`: a case of 1–3 images → probabilities with their thresholds.
public struct Screener: Sendable {
    /// The model behind the task.
    public let host: ModelHost
    private let thresholds: [Double]

    /// The most images that a case may have (SCIN contributions have 1–3).
    public static let maximumImages = 3
    /// The published threshold of the binary infectious screen.
    public static let defaultThreshold = 0.35

    /// Loads a screening bundle.
    ///
    /// - Parameter threshold: replaces every threshold of the bundle, 0…1.
    /// - Throws: `CutisError` as `ModelBundle` and `LoadedModel` document; `.bundleInvalid` where the bundle is for
    ///   another task.
    public init(_ bundle: ModelBundle, options: LoadOptions = LoadOptions(), threshold: Double? = nil) async throws {
        try bundle.require(.screening)
        thresholds = bundle.manifest.labels.labels.map { label in
            threshold ?? bundle.manifest.thresholds[label.id] ?? Self.defaultThreshold
        }
        host = try await ModelHost.load(bundle, options: options)
    }

    /// Refuses a case with no image or too many.
    public static func checkCount(_ count: Int) throws(CutisError) {
        guard count > 0 else {
            throw CutisError(.invalidArguments, "A case needs at least one image.", remedy: "Give 1 to 3 images.")
        }
        guard count <= maximumImages else {
            throw CutisError(
                .tooManyImages, "A case has at most \(maximumImages) images, and \(count) were given.",
                remedy:
                    "Choose the \(maximumImages) that show the lesion best: the model was trained on cases of 1 to 3.")
        }
    }

    /// How long the parts of the model took, in wall time.
    public struct Durations: Sendable {
        /// The network's forward pass over all images of the case, as one batch.
        public let encode: Duration
        /// The head that joins the images.
        public let head: Duration
    }

    /// Screens one case as one batch; the order of the images is kept.
    public func screen(_ images: [PreparedImage]) async throws -> (answer: Screening, durations: Durations) {
        try Self.checkCount(images.count)
        let inputs = images.map(\.input)
        let answer = try await host.run { try $0.screen(inputs) }
        let findings = zip(zip(host.manifest.labels.labels, answer.probabilities), thresholds).map {
            ScreeningFinding($0.0, probability: $0.1, threshold: $1)
        }
        let screening = Screening(
            findings: findings, imageCount: images.count, attention: answer.attention, model: host.identity)
        return (screening, answer.durations)
    }
}
