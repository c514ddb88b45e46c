/// A reported number: never a bare value, always with its interval, the sample size and how it was made.
public struct Estimate: Sendable, Hashable, Codable {
    /// The point estimate.
    public let value: Double
    /// The lower bound of the confidence interval.
    public let lower: Double
    /// The upper bound of the confidence interval.
    public let upper: Double
    /// How many observations the value rests on (for a rate: its denominator).
    public let count: Int
    /// What made the interval, with its confidence, such as `Wilson 95 %`.
    public let method: String

    /// Joins a value and its interval.
    public init(value: Double, lower: Double, upper: Double, count: Int, method: String) {
        self.value = value
        self.lower = lower
        self.upper = upper
        self.count = count
        self.method = method
    }

    /// The name of a method with its confidence: `Wilson 95 %`.
    static func method(_ name: String, _ confidence: Double) -> String {
        let percent = (confidence * 1000).rounded() / 10
        let whole = percent.rounded()
        return percent == whole ? "\(name) \(Int(whole)) %" : "\(name) \(percent) %"
    }
}

/// Why a statistic cannot be computed.
///
/// The rules are the same for every function of this module: a value that is not finite is refused (never skipped),
/// arrays that belong together have equal lengths, and a sample too small for the statistic to be defined is an error
/// and not a NaN.
public enum StatisticsError: Error, Sendable, Hashable, CustomStringConvertible {
    /// The value at this index is NaN or infinite.
    case notFinite(index: Int)
    /// Two arrays that belong together differ in length.
    case lengthMismatch(Int, Int)
    /// The statistic needs more observations of one kind.
    case tooFew(what: String, needed: Int, found: Int)
    /// A parameter lies outside its range.
    case outOfRange(String)

    /// One sentence.
    public var description: String {
        switch self {
        case .notFinite(let index): "The value at index \(index) is not finite."
        case .lengthMismatch(let first, let second): "The arrays have \(first) and \(second) elements."
        case .tooFew(let what, let needed, let found): "The statistic needs \(needed) \(what), there are \(found)."
        case .outOfRange(let what): what
        }
    }
}

enum Check {
    static func finite(_ values: [Double]) throws(StatisticsError) {
        for (index, value) in values.enumerated() where !value.isFinite {
            throw .notFinite(index: index)
        }
    }

    static func sameLength(_ first: Int, _ second: Int) throws(StatisticsError) {
        guard first == second else { throw .lengthMismatch(first, second) }
    }

    static func confidence(_ value: Double) throws(StatisticsError) {
        guard value > 0, value < 1 else { throw .outOfRange("The confidence \(value) is not between 0 and 1.") }
    }

    static func binary(_ scores: [Double], _ positives: [Bool]) throws(StatisticsError) {
        try sameLength(scores.count, positives.count)
        try finite(scores)
        let found = positives.count { $0 }
        guard found > 0 else { throw .tooFew(what: "positives", needed: 1, found: 0) }
        guard found < positives.count else { throw .tooFew(what: "negatives", needed: 1, found: 0) }
    }
}
