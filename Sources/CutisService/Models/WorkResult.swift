import CutisCore

/// What came of a piece of work.
enum WorkResult: Sendable {
    case answer(ModelAnswer)
    case explanation(ExplanationImages)

    /// The answers of a request's parts as one, in the order of its images.
    static func joined(_ parts: [WorkResult]) -> Ticket.Outcome {
        guard parts.count != 1 else { return .success(parts[0]) }
        var classes: [[Double]] = []
        var embeddings: [[Float]] = []
        for part in parts {
            switch part {
            case .answer(.classes(let rows)): classes += rows
            case .answer(.embeddings(let rows)): embeddings += rows
            case .answer(.screening), .explanation: return .failure(wrongAnswer("another kind of answer"))
            }
        }
        switch (classes.isEmpty, embeddings.isEmpty) {
        case (false, true): return .success(.answer(.classes(classes)))
        case (true, false): return .success(.answer(.embeddings(embeddings)))
        default: return .failure(wrongAnswer("answers of several kinds"))
        }
    }

    /// A model that does not keep to `ServedModel`.
    static func wrongAnswer(_ what: String) -> CutisError {
        CutisError(
            .internalFailure, "The model gave \(what) for what it was asked.",
            remedy: "Report this with the model's name and version; another version of the model may answer.")
    }
}

extension ModelRequest {
    /// Whether the answer to this request is of the kind and number that it asks for.
    func isAnswered(by answer: ModelAnswer) -> Bool {
        switch (output, answer) {
        case (.classes, .classes(let rows)): rows.count == inputs.count
        case (.embeddings, .embeddings(let rows)): rows.count == inputs.count
        case (.screening, .screening): true
        default: false
        }
    }
}
