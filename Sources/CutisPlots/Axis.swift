import Foundation

/// One axis of a chart.
public struct Axis: Sendable, Hashable {
    /// Quantity and unit, beside the axis; empty for none.
    public var title: String
    /// Equal ratios instead of equal differences take equal lengths.
    public var isLogarithmic: Bool
    /// What is shown; nil takes the data's range, widened to whole ticks.
    public var range: ClosedRange<Double>?

    /// Joins the parts.
    public init(_ title: String = "", isLogarithmic: Bool = false, range: ClosedRange<Double>? = nil) {
        self.title = title
        self.isLogarithmic = isLogarithmic
        self.range = range
    }
}

/// An axis with its data known: maps values to 0…1 and knows its ticks.
struct AxisScale {
    struct Tick: Equatable {
        let value: Double
        let label: String
    }

    let lower: Double
    let upper: Double
    let isLogarithmic: Bool
    let ticks: [Tick]

    /// Fits an axis to values.
    ///
    /// - Parameters:
    ///   - includesZero: for bars, which grow from zero.
    ///   - count: about how many ticks have room.
    init(_ axis: Axis, values: some Sequence<Double>, includesZero: Bool = false, count: Int = 5) {
        isLogarithmic = axis.isLogarithmic
        var low = Double.infinity
        var high = -Double.infinity
        for value in values where Self.isDrawable(value, logarithmic: axis.isLogarithmic) {
            low = min(low, value)
            high = max(high, value)
        }
        if low > high { (low, high) = axis.isLogarithmic ? (1, 10) : (0, 1) }
        let given = axis.range.flatMap { range -> ClosedRange<Double>? in
            let fits = [range.lowerBound, range.upperBound].allSatisfy {
                Self.isDrawable($0, logarithmic: axis.isLogarithmic)
            }
            return fits && range.lowerBound < range.upperBound ? range : nil
        }
        if axis.isLogarithmic {
            (lower, upper, ticks) = Self.logarithmic(low, high, given: given)
        } else {
            if includesZero { (low, high) = (min(low, 0), max(high, 0)) }
            (lower, upper, ticks) = Self.linear(low, high, given: given, count: count)
        }
    }

    /// Joins an axis that is already known.
    init(lower: Double, upper: Double, isLogarithmic: Bool, ticks: [Tick]) {
        self.lower = lower
        self.upper = upper
        self.isLogarithmic = isLogarithmic
        self.ticks = ticks
    }

    /// Where a value lies, 0 at the lower end; nil for a gap.
    func position(_ value: Double) -> Double? {
        guard Self.isDrawable(value, logarithmic: isLogarithmic) else { return nil }
        if isLogarithmic { return log(value / lower) / log(upper / lower) }
        return (value - lower) / (upper - lower)
    }

    static func isDrawable(_ value: Double, logarithmic: Bool) -> Bool {
        value.isFinite && abs(value) < 1e300 && (!logarithmic || value > 1e-300)
    }

    private static func linear(
        _ low: Double, _ high: Double, given: ClosedRange<Double>?, count: Int
    ) -> (Double, Double, [Tick]) {
        var (low, high) = (given?.lowerBound ?? low, given?.upperBound ?? high)
        // Data that does not vary has no range of its own, and differences near rounding errors have no ticks.
        if high - low <= max(abs(low), abs(high)) * 1e-9 {
            let half = max(abs(high), abs(low)) / 2
            (low, high) = half > 0 ? (low - half, high + half) : (0, 1)
        }
        let step = niceStep((high - low) / Double(max(count, 1)))
        if given == nil {
            low = (low / step + 1e-9).rounded(.down) * step
            high = (high / step - 1e-9).rounded(.up) * step
        }
        let first = (low / step - 1e-9).rounded(.up)
        let last = (high / step + 1e-9).rounded(.down)
        let values = stride(from: first, through: last, by: 1).map { $0 == 0 ? 0 : $0 * step }
        return (low, high, values.map { Tick(value: $0, label: FigureFormat.tick($0, step: step)) })
    }

    private static func logarithmic(
        _ low: Double, _ high: Double, given: ClosedRange<Double>?
    ) -> (Double, Double, [Tick]) {
        let (first, last) = (given?.lowerBound ?? low, given?.upperBound ?? high)
        let lower = given?.lowerBound ?? pow(10, (log10(first) + 1e-9).rounded(.down))
        var upper = given?.upperBound ?? pow(10, (log10(last) - 1e-9).rounded(.up))
        if upper <= lower { upper = lower * 10 }
        let (bottom, top) = (Int(log10(lower).rounded(.down)), Int(log10(upper).rounded(.up)))
        let decades = max(top - bottom, 1)
        let every = (decades + 5) / 6
        let factors: [Double] = decades <= 2 ? [1, 2, 5] : [1]
        let values = stride(from: bottom, through: top, by: every).flatMap { exponent in
            factors.map { $0 * pow(10, Double(exponent)) }
        }
        let shown = values.filter { $0 >= lower * (1 - 1e-9) && $0 <= upper * (1 + 1e-9) }
        return (lower, upper, shown.map { Tick(value: $0, label: FigureFormat.short($0)) })
    }

    /// The smallest of 1, 2, 5 times a power of ten that is not below `raw`.
    private static func niceStep(_ raw: Double) -> Double {
        let magnitude = pow(10, log10(raw).rounded(.down))
        for factor in [1.0, 2, 5] where factor * magnitude >= raw * (1 - 1e-9) { return factor * magnitude }
        return 10 * magnitude
    }
}
