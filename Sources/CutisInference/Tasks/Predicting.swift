public import CutisCore

/// Anything that classifies prepared images: what the command line, the evaluation and the service depend on.
public protocol Predicting: Sendable {
    /// Classifies images as one batch, in their order.
    func classify(_ images: [PreparedImage]) async throws -> [Classification]
}

extension ModelBundle {
    /// Refuses a bundle that is for another task.
    package func require(_ task: BundleManifest.Task) throws(CutisError) {
        guard manifest.task == task else {
            throw CutisError(
                .bundleInvalid, "The bundle \(manifest.id) is for \(manifest.task.rawValue), not for \(task.rawValue).",
                remedy: "Use the command for \(manifest.task.rawValue), or another bundle.")
        }
    }
}
