import Foundation

/// The learning rate of each optimiser step: a linear warm-up, then one of PyTorch's schedules.
public struct LearningRateSchedule: Sendable, Hashable, Codable {
    /// What follows the warm-up, counted from its end.
    public enum Shape: Sendable, Hashable, Codable {
        /// Always the peak.
        case constant
        /// Half a cosine over `steps` down to `finalShare` of the peak, where it stays: PyTorch's `CosineAnnealingLR`
        /// with `T_max = steps` and `eta_min = finalShare · peak` (Loshchilov and Hutter 2017).
        case cosine(steps: Int, finalShare: Double)
        /// Times `factor` after every `size` steps: PyTorch's `StepLR`.
        case step(size: Int, factor: Double)
    }

    /// A rate that rises in a straight line over the first steps.
    public struct WarmUp: Sendable, Hashable, Codable {
        /// How many steps there are before the shape begins.
        public var steps: Int
        /// The share of the peak at step 0, of which PyTorch's `LinearLR(start_factor:, total_iters: steps)` rises to the
        /// peak of step `steps`. Nil is OpenCLIP's form: step k has (k + 1) / steps of the peak.
        public var startShare: Double?

        /// Makes a warm-up; 0 steps for none.
        public init(steps: Int, startShare: Double? = nil) {
            self.steps = steps
            self.startShare = startShare
        }
    }

    /// The highest rate.
    public var peak: Double
    /// The first steps.
    public var warmUp: WarmUp
    /// What follows them.
    public var shape: Shape

    /// Makes a schedule.
    public init(peak: Double, warmUp: WarmUp = WarmUp(steps: 0), shape: Shape = .constant) {
        self.peak = peak
        self.warmUp = warmUp
        self.shape = shape
    }

    /// A warm-up of OpenCLIP's form, then a cosine to the end of `total` steps.
    public init(peak: Double, warmUp: Int, total: Int, finalShare: Double = 0) {
        self.init(
            peak: peak, warmUp: WarmUp(steps: warmUp),
            shape: .cosine(steps: max(1, total - warmUp), finalShare: finalShare))
    }

    /// The rate of a step, counted from 0.
    public func rate(at step: Int) -> Double {
        guard step >= warmUp.steps else {
            let start = warmUp.startShare
            let share = Double(step) / Double(warmUp.steps)
            return peak * (start.map { $0 + (1 - $0) * share } ?? Double(step + 1) / Double(warmUp.steps))
        }
        let own = step - warmUp.steps
        switch shape {
        case .constant: return peak
        case .cosine(let steps, let finalShare):
            let cosine = 0.5 * (1 + cos(Double.pi * min(1, Double(own) / Double(max(1, steps)))))
            return peak * (finalShare + (1 - finalShare) * cosine)
        case .step(let size, let factor): return peak * pow(factor, Double(own / max(1, size)))
        }
    }
}

/// Schedules one after the other, each counted from its own begin: warm restarts and stages.
public struct ScheduleSequence: Sendable, Hashable, Codable {
    /// A schedule and how many steps it rules.
    public struct Stage: Sendable, Hashable, Codable {
        /// How many steps.
        public var steps: Int
        /// Their rates.
        public var schedule: LearningRateSchedule

        /// Makes a stage.
        public init(steps: Int, schedule: LearningRateSchedule) {
            self.steps = steps
            self.schedule = schedule
        }
    }

    /// The stages in their order; the last one also rules the steps after its end.
    public var stages: [Stage]

    /// Makes a sequence of at least one stage.
    public init(_ stages: [Stage]) { self.stages = stages }

    /// The rate of a step, counted from 0 over all stages; 0 without stages.
    public func rate(at step: Int) -> Double {
        var begin = 0
        for stage in stages.dropLast() {
            if step < begin + stage.steps { return stage.schedule.rate(at: step - begin) }
            begin += stage.steps
        }
        return stages.last?.schedule.rate(at: step - begin) ?? 0
    }
}
