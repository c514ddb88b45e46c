import Foundation
import Synchronization

/// The phases of an optimisation, one progress line after another.
final class OptimizationProgress: Sendable {
    private let quiet: Bool
    private let current = Mutex<(phase: String, reporter: ProgressReporter)?>(nil)

    init(quiet: Bool) { self.quiet = quiet }

    /// Shows how much of a phase is done; a new phase ends the one before.
    func show(_ phase: String, _ done: Int, of total: Int) {
        current.withLock { current in
            if current?.phase != phase || done == 1 {
                current?.reporter.finish()
                let unit = phase == "layers" ? "layers" : "images"
                current = (phase, ProgressReporter(phase, unit: unit, total: total, quiet: quiet))
            }
            current?.reporter.update(to: done, of: total)
        }
    }

    /// Closes the last line.
    func finish() {
        current.withLock { current in
            current?.reporter.finish()
            current = nil
        }
    }
}
