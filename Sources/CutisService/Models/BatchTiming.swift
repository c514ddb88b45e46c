import Foundation

/// What a pass through the model takes, learnt from the passes that were made: `fixed + perRow × rows`.
///
/// Least squares over past passes whose weight falls by 5 % with each new one, so that it follows a machine that
/// becomes slower or faster within some tens of passes.
struct BatchTiming: Sendable {
    private static let decay = 0.95

    private var weight = 0.0
    private var rows = 0.0
    private var seconds = 0.0
    private var rowsSquared = 0.0
    private var rowsSeconds = 0.0
    /// The mean of |measured − expected| / expected.
    private var spread = 0.0

    /// Whether there was a pass.
    var isKnown: Bool { weight > 0 }

    /// Learns from a pass.
    mutating func record(rows count: Int, seconds time: Double) {
        guard count > 0, time >= 0, time.isFinite else { return }
        if isKnown {
            let expected = pass(rows: count)
            if expected > 0 { spread += 0.1 * (min(abs(time - expected) / expected, 1) - spread) }
        }
        let x = Double(count)
        weight = weight * Self.decay + 1
        rows = rows * Self.decay + x
        seconds = seconds * Self.decay + time
        rowsSquared = rowsSquared * Self.decay + x * x
        rowsSeconds = rowsSeconds * Self.decay + x * time
    }

    /// The expected time of one pass; 0 before the first one.
    func pass(rows count: Int) -> Double {
        let (fixed, perRow) = line
        return fixed + perRow * Double(count)
    }

    /// The expected time of passes for many images, at most `batch` in each.
    func passes(rows count: Int, batch: Int) -> Double {
        let (fixed, perRow) = line
        return (Double(count) / Double(batch)).rounded(.up) * fixed + perRow * Double(count)
    }

    /// By how much to lengthen an expected time so that most passes end within it.
    var margin: Double { 1 + 2 * spread }

    private var line: (fixed: Double, perRow: Double) {
        guard weight > 0 else { return (0, 0) }
        let variance = rowsSquared / weight - (rows / weight) * (rows / weight)
        let mean = (rows: rows / weight, seconds: seconds / weight)
        // Passes of one size alone tell nothing of a fixed part.
        guard variance > 0.01 else { return (0, mean.seconds / mean.rows) }
        let slope = max(0, (rowsSeconds / weight - mean.rows * mean.seconds) / variance)
        let fixed = mean.seconds - slope * mean.rows
        return fixed >= 0 ? (fixed, slope) : (0, mean.seconds / mean.rows)
    }
}
