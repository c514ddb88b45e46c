public import CutisCore
import CutisStorage
public import Foundation

/// What is answered and not kept.
extension AnalysisService {
    /// The features of images; nothing is kept of them, not even a hash.
    ///
    /// - Throws: `CutisError` and `ServiceRefusal` as `analyze`; images of limited quality are embedded, with their
    ///   findings beside them.
    public func embed(_ request: EmbedRequest, by principal: Principal) async throws -> EmbeddingAnswer {
        try principal.require(.inferenceRun)
        let start = ContinuousClock.now
        guard !request.images.isEmpty, request.images.count <= limits.embeddingImages else {
            throw CutisError(
                request.images.isEmpty ? .requestInvalid : .tooManyImages,
                "An embedding request has 1–\(limits.embeddingImages) images, this one has \(request.images.count).",
                remedy: "Send the images in requests of that size.")
        }
        let lease = try await models.lease(task: .embedding, model: request.model, version: request.version)
        let inputs = try await prepare(request.images, with: lease)
        let answer = try await lease.answer(
            ModelRequest(.embeddings, inputs: inputs), priority: request.priority, client: principal.userID,
            deadline: request.deadline)
        guard case .embeddings(let vectors) = answer, vectors.count == inputs.count else {
            throw CutisError(
                .computeFailed, "The model \(lease.facts.identity.id) gave no embeddings.",
                remedy: "Name a model that embeds (GET /api/v1/models lists them).")
        }
        return EmbeddingAnswer(
            model: lease.facts.identity, vectors: vectors, qualities: inputs.map(\.quality),
            latencyMilliseconds: (ContinuousClock.now - start) / .milliseconds(1))
    }

    /// How fit an image is for an answer, before it is sent for one; nothing is kept of it.
    ///
    /// - Throws: `CutisError` for a file that is no image or beyond the limits; a bad photo is an answer, not an error.
    public func quality(of image: Data, by principal: Principal) async throws -> ImageQuality {
        try principal.require(.inferenceRun)
        let lease = try await models.lease(task: .classification, model: nil, version: nil)
        return try await prepare([image], with: lease)[0].quality
    }

    private func prepare(_ images: [Data], with lease: ModelLease) async throws -> [any PreparedInput] {
        for (index, data) in images.enumerated() { try checkSize(data, at: index) }
        return try await withThrowingTaskGroup(of: (Int, any PreparedInput).self) { group in
            for (index, data) in images.enumerated() {
                group.addTask {
                    let input = try await lease.prepare(data, name: "image \(index + 1)", keepsPicture: false)
                    try checkPixels(input, at: index)
                    return (index, input)
                }
            }
            var inputs = [(any PreparedInput)?](repeating: nil, count: images.count)
            for try await (index, input) in group { inputs[index] = input }
            return inputs.compactMap { $0 }
        }
    }
}
