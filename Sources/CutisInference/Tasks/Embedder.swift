import CutisCore
import CutisImaging
import Foundation

/// The task `embed`: one image → the feature vector before the head.
public struct Embedder: Sendable {
    /// The model behind the task.
    public let host: ModelHost

    /// Loads any bundle; a classifier's or a screening model's image features are as good as an embedding model's.
    public init(_ bundle: ModelBundle, options: LoadOptions = LoadOptions()) async throws {
        host = try await ModelHost.load(bundle, options: options)
    }

    /// The features of images as one batch, in their order; not normalised.
    public func embed(_ images: [PreparedImage]) async throws -> [[Float]] {
        guard !images.isEmpty else { return [] }
        let inputs = images.map(\.input)
        return try await host.run { try $0.embeddings(inputs) }
    }
}
