import Foundation

/// A linear warm-up, then half a cosine down to a share of the peak, counted in optimiser steps (OpenCLIP's form).
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    /// The highest rate.
    public let peak: Double
    /// Steps until the peak is reached; step 0 already has `peak / warmUp`.
    public let warmUp: Int
    /// Steps of the whole training.
    public let total: Int
    /// The rate at the end, as a share of the peak.
    public let finalShare: Double

    /// Makes a schedule.
    public init(peak: Double, warmUp: Int, total: Int, finalShare: Double = 0) {
        self.peak = peak
        self.warmUp = warmUp
        self.total = total
        self.finalShare = finalShare
    }

    /// The rate of a step, counted from 0; after the last step it stays at its end.
    public func rate(at step: Int) -> Double {
        if step < warmUp { return peak * Double(step + 1) / Double(warmUp) }
        let progress = min(1, Double(step - warmUp) / Double(max(1, total - warmUp)))
        let cosine = 0.5 * (1 + cos(Double.pi * progress))
        return peak * (finalShare + (1 - finalShare) * cosine)
    }
}
