package import CutisCore

/// What is wrong with a Keras model; whoever knows the file's path turns it into a `CutisError`.
package struct KerasFault: Error, Sendable {
    /// Damaged, unsupported, unsafe or not fitting its weights.
    package let code: ErrorCode
    /// The reason, as the end of a sentence.
    package let reason: String
    /// What to do, where the code alone does not say it.
    package let remedy: String?

    /// A fault of a damaged file unless `code` says otherwise.
    package init(_ reason: String, code: ErrorCode = .checkpointCorrupt, remedy: String? = nil) {
        self.code = code
        self.reason = reason
        self.remedy = remedy
    }

    /// A fault of a sound file that needs something that Cutis does not have.
    package static func unsupported(_ reason: String, remedy: String? = nil) -> KerasFault {
        KerasFault(reason, code: .checkpointUnsupported, remedy: remedy)
    }

    /// The error that a user sees.
    package func error(in path: String) -> CutisError {
        let advice: String
        switch code {
        case .checkpointUnsafe:
            advice = "Replace the Lambda layers by built-in layers or keras.ops and save the model again."
        case .checkpointUnsupported:
            advice = "Save the head again with the layers that docs/keras-heads.md lists."
        case .checkpointMismatch:
            advice = "Check that config.json and the weights come from the same model."
        default:
            advice = "Save the model again with Keras 3 (`model.save(\"head.keras\")`) and compare its checksum."
        }
        let verb = code == .checkpointUnsafe ? "is refused" : "cannot be used as a Keras model"
        return CutisError(code, "\(path) \(verb): \(reason).", remedy: remedy ?? advice)
    }
}
