import CutisCore
import Foundation

/// What `cutis verify` does, and what a service does before it trusts a bundle.
public struct BundleVerification: Sendable {
    /// The outcome of the golden case.
    public struct Golden: Sendable {
        /// The largest absolute difference between what the model said and what it must say.
        public let largestDifference: Double
        /// The largest accepted difference.
        public let tolerance: Double
    }

    /// How many tensors were loaded.
    public let tensorCount: Int
    /// How many numbers they hold.
    public let parameterCount: Int
    /// The golden case; nil where the bundle has none.
    public let golden: Golden?

    /// Checks the files, loads the model and reproduces the golden case.
    ///
    /// - Throws: `CutisError`: what `ModelBundle.checkFiles` and `LoadedModel` throw; `.goldenMismatch`.
    public static func run(_ bundle: ModelBundle, options: LoadOptions = LoadOptions()) async throws
        -> BundleVerification
    {
        try await run(ModelHost.load(bundle, options: options), of: bundle)
    }

    /// Reproduces the golden case with a model that is already loaded.
    ///
    /// - Throws: `CutisError` with `.goldenMismatch`, and what the images and the model throw.
    public static func run(
        _ host: ModelHost, of bundle: ModelBundle
    ) async throws -> BundleVerification {
        let (counts, precision) = try await host.run {
            (($0.report.tensorCount, $0.report.parameterCount), $0.precision)
        }
        guard let golden = bundle.manifest.golden else {
            return BundleVerification(tensorCount: counts.0, parameterCount: counts.1, golden: nil)
        }
        let images = golden.images.map(bundle.file)
        let output = try await host.run { try GoldenCase.output(of: $0, images: images) }
        let difference = try GoldenCase.largestDifference(output, golden.expected)
        // Half precision rounds weights and activations, by a share of the numbers' size: the case must hold, but not
        // to the last digit.
        let scale = golden.expected.map(abs).max() ?? 1
        let tolerance = precision == .fp32 ? golden.tolerance : max(golden.tolerance, 0.05 * max(scale, 1))
        guard difference <= tolerance else {
            throw CutisError(
                .goldenMismatch,
                "The bundle \(bundle.manifest.id) does not reproduce its golden case on this machine: the largest "
                    + "difference is \(difference), accepted is \(tolerance).",
                remedy: "Do not use it here. Copy the bundle again; if it persists, report the machine and the bundle.")
        }
        return BundleVerification(
            tensorCount: counts.0, parameterCount: counts.1,
            golden: Golden(largestDifference: difference, tolerance: tolerance))
    }
}
