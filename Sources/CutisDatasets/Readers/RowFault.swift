import CutisCore
import CutisFormats

/// What is wrong with one row; the reader that knows the file and the line turns it into a `CutisError`.
struct RowFault: Error {
    /// The reason, as the end of a sentence.
    let reason: String

    init(_ reason: String) {
        self.reason = reason
    }

    /// The error that a user sees.
    func error(in path: String, line: Int) -> CutisError {
        CutisError(
            .dataInvalid, "The table \(path) is broken at line \(line): \(reason).",
            remedy: "Correct that line and try again.")
    }
}

extension CutisError {
    /// A data set that as a whole cannot be used.
    static func unusable(_ path: String, _ reason: String, remedy: String) -> CutisError {
        CutisError(.dataInvalid, "The data set \(path) cannot be used: \(reason).", remedy: remedy)
    }
}
