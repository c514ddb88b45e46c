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

    /// One line for people.
    public var line: String {
        let position = "epoch \(epoch)/\(epochs) step \(step)/\(steps)"
        let rate = "loss \(fixed(loss, 4)), \(fixed(imagesPerSecond, 0)) images/s, \(clock(secondsLeft)) left"
        guard let validation else { return "\(position): \(rate)" }
        return "\(position): \(rate); validation \(validation.line)"
    }
}

/// The few figures that are computed while training goes on. They choose the best epoch; the report computes all
/// figures with intervals.
public struct ValidationFigures: Sendable, Hashable, Codable {
    /// Mean cross-entropy of the true class, unweighted.
    public let loss: Double
    /// Share of right predictions.
    public let accuracy: Double
    /// Mean recall of the classes.
    public let balancedAccuracy: Double
    /// Mean one-against-the-rest area.
    public let macroAUROC: Double
    /// Area of melanoma against the rest.
    public let melanomaAUROC: Double
    /// Sensitivity for melanoma at the chosen floor's threshold.
    public let melanomaSensitivity: Double
    /// Specificity there.
    public let melanomaSpecificity: Double

    /// What the best epoch has most of: the mean of the macro area, the melanoma area and the balanced accuracy. No one
    /// class can win it alone.
    public var score: Double { (macroAUROC + melanomaAUROC + balancedAccuracy) / 3 }

    var line: String {
        "loss \(fixed(loss, 3)), accuracy \(fixed(accuracy, 3)), balanced \(fixed(balancedAccuracy, 3)), "
            + "AUROC \(fixed(macroAUROC, 4)), melanoma \(fixed(melanomaAUROC, 4))"
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
