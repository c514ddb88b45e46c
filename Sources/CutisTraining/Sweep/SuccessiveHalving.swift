/// A trial of a sweep and what is known of it.
struct Trial: Sendable, Hashable {
    let number: Int
    let parameters: [String: ParameterValue]
    /// The score at each number of epochs that it was trained for.
    var scores: [Int: Double] = [:]
    /// Why it could not be finished.
    var failure: String?
}

/// Which trial is worth more epochs: asynchronous successive halving (Li et al., "A System for Massively Parallel
/// Hyperparameter Tuning", 2020, algorithm 2).
struct SuccessiveHalving {
    /// Epochs of the rungs, rising.
    let rungs: [Int]
    /// η.
    let factor: Int
    /// Turns a score into a quality: more is better.
    let quality: (Double) -> Double

    /// A trial that is among the best 1/η of its rung and has not been trained for the next one; the highest rung
    /// first, and there the best.
    func promotion(_ trials: [Trial]) -> (trial: Int, epochs: Int)? {
        for rung in rungs.indices.dropLast().reversed() {
            let ranked = ranking(trials, rung)
            // A failed trial has left its place: it counts in the rungs that it has finished.
            for trial in ranked.prefix(ranked.count / factor) where isOpen(trial, above: rung) {
                return (trial.number, rungs[rung + 1])
            }
        }
        return nil
    }

    /// The best trial of the highest rung that was reached, to the next one: for sweeps so short that none is among the
    /// best 1/η.
    func forcedPromotion(_ trials: [Trial]) -> (trial: Int, epochs: Int)? {
        for rung in rungs.indices.reversed() {
            let ranked = ranking(trials, rung)
            guard rung + 1 < rungs.count else {
                if ranked.isEmpty { continue }
                return nil
            }
            if let trial = ranked.first(where: { isOpen($0, above: rung) }) { return (trial.number, rungs[rung + 1]) }
        }
        return nil
    }

    private func ranking(_ trials: [Trial], _ rung: Int) -> [Trial] {
        let scored = trials.compactMap { trial in trial.scores[rungs[rung]].map { (trial, quality($0)) } }
        return scored.sorted { ($1.1, $0.0.number) < ($0.1, $1.0.number) }.map(\.0)
    }

    private func isOpen(_ trial: Trial, above rung: Int) -> Bool {
        trial.failure == nil && trial.scores[rungs[rung + 1]] == nil
    }
}
