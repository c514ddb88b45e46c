import CutisTensor

/// A line search for the strong Wolfe conditions: enough decrease, and a slope much flatter than the first.
///
/// Bracketing and zooming of Nocedal and Wright (2006), algorithms 3.5 and 3.6, with cubic interpolation (3.59). Close to
/// the minimum, where values differ by rounding only, the approximate conditions of Hager and Zhang ("A new conjugate
/// gradient method with guaranteed descent and an efficient line search", 2005, (4.1)) go by the slopes.
struct WolfeSearch {
    /// The function at a point on the line.
    struct Trial {
        let length: Double
        let value: Double
        let slope: Double
        let position: Tensor
        let gradient: Tensor
    }

    /// An end of the bracket: a trial, or the start (length 0).
    private struct End {
        var length: Double
        var value: Double
        var slope: Double

        init(_ trial: Trial) { (length, value, slope) = (trial.length, trial.value, trial.slope) }

        init(value: Double, slope: Double) { (length, self.value, self.slope) = (0, value, slope) }
    }

    private static let decrease = 1e-4
    private static let flattening = 0.9
    private static let maximumEvaluations = 40
    /// Relative differences of values that mean nothing.
    private static let rounding = 1e-13

    private let start: End
    private let evaluate: (Double) throws -> Trial
    /// Calls of the function so far.
    private(set) var evaluations = 0
    /// The lowest trial so far that decreases the value enough.
    private var best: Trial?

    /// Prepares a search.
    ///
    /// - Parameters:
    ///   - value: the function at the start.
    ///   - slope: its slope along the line there, negative.
    ///   - evaluate: the function at a length along the line.
    init(value: Double, slope: Double, evaluate: @escaping (Double) throws -> Trial) {
        start = End(value: value, slope: slope)
        self.evaluate = evaluate
    }

    /// Searches.
    ///
    /// - Returns: a trial that fulfils both conditions; where rounding hides one, the best that decreases the value;
    ///   nil where nothing does.
    mutating func run(first: Double) throws -> Trial? {
        var before = start
        var length = first
        while evaluations < Self.maximumEvaluations {
            let trial = try evaluateOnce(length)
            if isEnough(trial) { return trial }
            if !isLower(trial) || (before.length > 0 && trial.value >= before.value) {
                return try zoom(low: before, high: End(trial))
            }
            if trial.slope >= 0 { return try zoom(low: End(trial), high: before) }
            before = End(trial)
            length *= 2
        }
        return best
    }

    private mutating func zoom(low: End, high: End) throws -> Trial? {
        var (low, high) = (low, high)
        while evaluations < Self.maximumEvaluations {
            let width = abs(high.length - low.length)
            guard width > 1e-14 * max(low.length, high.length) else { break }
            let trial = try evaluateOnce(Self.inside(low, high))
            if isEnough(trial) { return trial }
            if !isLower(trial) || trial.value >= low.value {
                high = End(trial)
            } else {
                if trial.slope * (high.length - low.length) >= 0 { high = low }
                low = End(trial)
            }
        }
        return best
    }

    private mutating func evaluateOnce(_ length: Double) throws -> Trial {
        evaluations += 1
        let trial = try evaluate(length)
        if isLower(trial), trial.value < best?.value ?? start.value { best = trial }
        return trial
    }

    private func isLower(_ trial: Trial) -> Bool {
        trial.value <= start.value + Self.decrease * trial.length * start.slope
    }

    /// Whether a trial fulfils the conditions, or the approximate ones with a value that is the same but for rounding.
    private func isEnough(_ trial: Trial) -> Bool {
        guard abs(trial.slope) <= -Self.flattening * start.slope else { return false }
        if isLower(trial) { return true }
        return trial.value <= start.value + Self.rounding * abs(start.value)
            && trial.slope <= (2 * Self.decrease - 1) * start.slope
    }

    /// The minimum of the cubic through both ends, kept away from them; the middle where there is none.
    private static func inside(_ a: End, _ b: End) -> Double {
        let middle = (a.length + b.length) / 2
        let d1 = a.slope + b.slope - 3 * (a.value - b.value) / (a.length - b.length)
        let square = d1 * d1 - a.slope * b.slope
        guard square.isFinite, square >= 0 else { return middle }
        let d2 = (b.length > a.length ? 1 : -1) * square.squareRoot()
        let cubic = b.length - (b.length - a.length) * (b.slope + d2 - d1) / (b.slope - a.slope + 2 * d2)
        let margin = 0.1 * abs(b.length - a.length)
        let range = min(a.length, b.length) + margin...max(a.length, b.length) - margin
        return cubic.isFinite && range.contains(cubic) ? cubic : middle
    }
}
