import CutisCore
public import Foundation

/// A model in the hands of one request: it stays loaded as long as the lease lives.
///
/// Keep the lease for the whole request, so that an image is prepared, answered and explained by the same model even
/// when another becomes the default meanwhile; drop it afterwards.
public final class ModelLease: Sendable {
    private let slot: ModelSlot

    init(_ slot: ModelSlot) {
        self.slot = slot
    }

    deinit { slot.endLease() }

    /// What is known of the model.
    public var facts: ModelFacts { slot.facts }

    /// Decodes, judges and resizes an image, beside the model and within the limits of `PreparationLimits`.
    ///
    /// - Parameters:
    ///   - data: the file as it was sent.
    ///   - name: what the image is called in errors, never a patient's name.
    ///   - keepsPicture: whether `explain` will be asked for it.
    ///   - deadline: until when the image is of use; nil waits as long as it takes.
    /// - Throws: `CutisError` for a file that is no fit image; `ServiceRefusal` with `.overloaded` when too many images
    ///   wait and `.deadlineExceeded` when its turn comes too late; `CancellationError`.
    public func prepare(
        _ data: Data, name: String, keepsPicture: Bool, deadline: ContinuousClock.Instant? = nil
    ) async throws -> any PreparedInput {
        let model = slot.queue.replicas[0]
        return try await slot.preparation.run(data, deadline: deadline) {
            try await model.prepare(data, name: name, keepsPicture: keepsPicture)
        }
    }

    /// Asks the model through its queue.
    ///
    /// - Parameters:
    ///   - client: who asks, such as a key's id: clients take turns.
    ///   - deadline: until when the answer is of use; afterwards nothing is computed any more.
    /// - Throws: `ServiceRefusal` with `.overloaded` or `.deadlineExceeded`; `CutisError` for what the model refuses or
    ///   for more images than it can ever take; `CancellationError`.
    public func answer(
        _ request: ModelRequest, priority: Priority, client: String = "", deadline: ContinuousClock.Instant
    ) async throws -> ModelAnswer {
        try await slot.queue.answer(request, priority: priority, client: client, deadline: deadline)
    }

    /// Where the model looked for one class, through the same queue.
    ///
    /// - Parameters:
    ///   - input: an image that was prepared with `keepsPicture`.
    ///   - deadline: until when the pictures are of use.
    /// - Throws: as `answer`.
    public func explain(
        _ input: any PreparedInput, classIndex: Int, priority: Priority = .interactive, client: String = "",
        deadline: ContinuousClock.Instant = .now + .seconds(30)
    ) async throws -> ExplanationImages {
        try await slot.queue.explain(
            input, classIndex: classIndex, priority: priority, client: client, deadline: deadline)
    }
}
