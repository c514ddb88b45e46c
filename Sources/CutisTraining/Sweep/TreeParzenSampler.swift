import CutisStatistics
import Foundation

/// Finds values of trials from those that were tried (Bergstra et al. 2011, tree-structured Parzen estimators).
///
/// The tried values are parted into the best quarter and the others; of each key alone, 24 values are drawn from the
/// density of the good ones, and that with the highest ratio of good to bad density is taken. The first trials are
/// random.
struct TreeParzenSampler {
    /// The share of tried values that count as good (γ).
    static let goodShare = 0.25
    /// Trials that are drawn at random first.
    static let startTrials = 10
    private static let candidates = 24

    /// Values that were tried, and how good they were: more is better.
    struct Observation {
        let parameters: [String: ParameterValue]
        let quality: Double
    }

    let parameters: [String: ParameterRange]

    /// The values of the next trial.
    func next(_ observations: [Observation], _ generator: inout SeededGenerator) -> [String: ParameterValue] {
        let isRandom = observations.count < Self.startTrials
        // Stable: of equal qualities the earlier counts as better.
        let order = observations.indices.sorted {
            (observations[$1].quality, $0) < (observations[$0].quality, $1)
        }
        let goodCount = Int((Self.goodShare * Double(order.count)).rounded(.up))
        var drawn: [String: ParameterValue] = [:]
        // The order of a dictionary's keys differs from run to run; the draws must not.
        for (key, range) in parameters.sorted(by: { $0.key < $1.key }) {
            guard !isRandom else {
                drawn[key] = range.draw(&generator)
                continue
            }
            let values = order.map { observations[$0].parameters[key] }
            drawn[key] = Self.choose(
                range, good: values.prefix(goodCount).compactMap(\.self),
                bad: values.dropFirst(goodCount).compactMap(\.self), &generator)
        }
        return drawn
    }

    private static func choose(
        _ range: ParameterRange, good: [ParameterValue], bad: [ParameterValue], _ generator: inout SeededGenerator
    ) -> ParameterValue {
        switch range {
        case .choice(let values): return choose(values, good, bad, &generator)
        case .uniform(let bounds):
            return .number(best(bounds, good.compactMap(\.number), bad.compactMap(\.number), &generator))
        case .logUniform(let bounds):
            let logarithm = best(
                log(bounds.lowerBound)...log(bounds.upperBound), good.compactMap { $0.number.map { log($0) } },
                bad.compactMap { $0.number.map { log($0) } }, &generator)
            return .number(ParameterRange.clamped(exp(logarithm), bounds))
        case .integer(let bounds):
            // A whole number stands for the interval of what rounds to it.
            let wide = Double(bounds.lowerBound) - 0.5...Double(bounds.upperBound) + 0.5
            let likely = ParzenEstimator(good.compactMap(\.number), in: wide)
            let unlikely = ParzenEstimator(bad.compactMap(\.number), in: wide)
            let drawn = (0..<candidates).map { _ in
                min(max(likely.draw(&generator).rounded(), Double(bounds.lowerBound)), Double(bounds.upperBound))
            }
            let value = highest(drawn) { value in
                let interval = value - 0.5...value + 0.5
                return likely.probability(of: interval) / unlikely.probability(of: interval)
            }
            return .integer(Int(value))
        }
    }

    private static func best(
        _ bounds: ClosedRange<Double>, _ good: [Double], _ bad: [Double], _ generator: inout SeededGenerator
    ) -> Double {
        let (likely, unlikely) = (ParzenEstimator(good, in: bounds), ParzenEstimator(bad, in: bounds))
        let drawn = (0..<candidates).map { _ in likely.draw(&generator) }
        return highest(drawn) { likely.density(at: $0) / unlikely.density(at: $0) }
    }

    /// Choices have no order: each has the share of its tries, with one more of every choice.
    private static func choose(
        _ values: [ParameterValue], _ good: [ParameterValue], _ bad: [ParameterValue],
        _ generator: inout SeededGenerator
    ) -> ParameterValue {
        func share(_ value: ParameterValue, _ tried: [ParameterValue]) -> Double {
            Double(tried.count { $0 == value } + 1) / Double(tried.count + values.count)
        }
        let shares = values.map { share($0, good) }
        let drawn = (0..<candidates).map { _ in
            var rest = generator.uniform()
            return values.indices.first { index in
                rest -= shares[index]
                return rest < 0
            } ?? values.count - 1
        }
        return values[highest(drawn) { shares[$0] / share(values[$0], bad) }]
    }

    private static func highest<Value>(_ values: [Value], _ quality: (Value) -> Double) -> Value {
        var best = (value: values[0], quality: quality(values[0]))
        for value in values.dropFirst() {
            let own = quality(value)
            if own > best.quality { best = (value, own) }
        }
        return best.value
    }
}

extension ParameterValue {
    /// The value as a number; nil for flags and texts.
    var number: Double? {
        switch self {
        case .integer(let value): Double(value)
        case .number(let value): value
        case .flag, .text: nil
        }
    }
}
