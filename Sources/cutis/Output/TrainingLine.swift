import CutisTraining
import Foundation

/// The progress of a training: a line that rewrites itself on a terminal, one line per epoch (and a minute) when piped.
final class TrainingLine {
    /// Stands before every line, such as the number of a trial.
    var prefix = ""
    private let quiet: Bool
    private let isTerminal = isatty(STDERR_FILENO) == 1
    private var last = Date.distantPast

    init(quiet: Bool) { self.quiet = quiet }

    func show(_ progress: TrainingProgress) {
        guard !quiet else { return }
        if isTerminal {
            let end = progress.endsEpoch ? "\n" : ""
            FileHandle.standardError.write(Data("\r\u{1B}[K\(prefix)\(progress.line)\(end)".utf8))
        } else if progress.endsEpoch || -last.timeIntervalSinceNow > 60 {
            last = Date()
            printToStandardError(prefix + progress.line)
        }
    }

    func close() {
        if isTerminal, !quiet { FileHandle.standardError.write(Data("\r\u{1B}[K".utf8)) }
    }
}
