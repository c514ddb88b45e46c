/// Where a training is.
public struct TrainingProgress: Sendable, Hashable, Codable {
    /// The epoch, counted from 1.
    public let epoch: Int
    /// All epochs.
    public let epochs: Int
    /// Optimiser steps done in this epoch.
    public let step: Int
    /// Optimiser steps of an epoch.
    public let steps: Int
    /// The mean loss of this epoch so far.
    public let loss: Double
    /// Training images per second of this epoch so far.
    public let imagesPerSecond: Double
    /// Expected seconds until the end, by the epoch's rate so far.
    public let secondsLeft: Double
    /// The figures on the validation images; only at the end of an epoch that looks at them.
    public let validation: ValidationFigures?
    /// Whether this is the last word about the epoch.
    public let endsEpoch: Bool
    /// Images that could not be read so far.
    public let failedImages: Int

    /// One line for people.
    public var line: String {
        let position = "epoch \(epoch)/\(epochs) step \(step)/\(steps)"
        let rate = "loss \(fixed(loss, 4)), \(fixed(imagesPerSecond, 0)) images/s, \(clock(secondsLeft)) left"
        let failed = failedImages > 0 ? ", \(failedImages) images failed" : ""
        guard let validation else { return "\(position): \(rate)\(failed)" }
        return "\(position): \(rate)\(failed); validation \(validation.line)"
    }
}

/// A number with a fixed count of decimals.
func fixed(_ value: Double, _ decimals: Int) -> String {
    guard value.isFinite, abs(value) < 1e12 else { return "\(value)" }
    var scale = 1.0
    for _ in 0..<decimals { scale *= 10 }
    let whole = Int((abs(value) * scale).rounded())
    let sign = value < 0 && whole > 0 ? "-" : ""
    guard decimals > 0 else { return "\(sign)\(whole)" }
    let digits = String(whole)
    let padded = String(repeating: "0", count: max(0, decimals + 1 - digits.count)) + digits
    return "\(sign)\(padded.dropLast(decimals)).\(padded.suffix(decimals))"
}

private func clock(_ seconds: Double) -> String {
    let whole = seconds.isFinite ? Int(min(max(0, seconds), 1e7)) : 0
    let (hours, minutes) = (whole / 3600, whole / 60 % 60)
    return hours > 0 ? "\(hours) h \(minutes) min" : "\(minutes) min \(whole % 60) s"
}
