import CutisCore
import CutisStatistics

/// How often a class was really there among calibration images with a like probability.
///
/// The images of the bundle's calibration set are counted in bins of the predicted probability; the interval is that of
/// the share of positives in the bin into which this probability falls (Clopper-Pearson below 30 images, Wilson
/// otherwise). It speaks of images like those of the calibration set, not of this patient.
public struct RiskInterval: Sendable, Hashable, Codable {
    /// The lower bound.
    public var lower: Double
    /// The upper bound.
    public var upper: Double
    /// The share of positives in the bin.
    public var observed: Double
    /// How many calibration images the bin holds.
    public var count: Int
    /// How the interval was made, such as `Wilson 95 %`.
    public var method: String

    /// Why there is no interval.
    struct Missing: Error {
        let reason: String

        init(_ reason: String) {
            self.reason = reason
        }
    }

    /// The interval of a probability, or why there is none.
    static func make(
        of probability: Double, class name: String, _ calibration: RiskCalibration?
    ) -> Result<RiskInterval, Missing> {
        guard let calibration else {
            return .failure(Missing("The model's bundle has no counts of its calibration images."))
        }
        guard calibration.class == name else {
            return .failure(Missing("The model's bundle counts its calibration images for \(calibration.class) only."))
        }
        guard let bin = calibration.bins.first(where: { $0.holds(probability) }), bin.count > 0 else {
            return .failure(Missing("None of the bundle's calibration images has a like probability."))
        }
        guard let estimate = try? Proportion.estimate(successes: bin.positives, count: bin.count) else {
            return .failure(Missing("The bundle's counts of its calibration images make no sense."))
        }
        return .success(
            RiskInterval(
                lower: estimate.lower, upper: estimate.upper, observed: estimate.value, count: estimate.count,
                method: estimate.method))
    }
}
