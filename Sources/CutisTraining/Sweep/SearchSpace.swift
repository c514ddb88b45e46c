import CutisCore
import CutisStatistics
import Foundation

/// The values that one configuration key may take.
public enum ParameterRange: Sendable, Hashable {
    /// Any number in the range, all alike.
    case uniform(ClosedRange<Double>)
    /// Any number in the range, whose logarithms are all alike; for rates and decays.
    case logUniform(ClosedRange<Double>)
    /// Any whole number in the range.
    case integer(ClosedRange<Int>)
    /// One of the values, all alike.
    case choice([ParameterValue])

    /// One draw.
    func draw(_ generator: inout SeededGenerator) -> ParameterValue {
        switch self {
        case .uniform(let range): .number(generator.uniform(range))
        case .logUniform(let range):
            .number(Self.clamped(exp(generator.uniform(log(range.lowerBound)...log(range.upperBound))), range))
        case .integer(let range): .integer(range.lowerBound + generator.index(below: range.count))
        case .choice(let values): values[generator.index(below: values.count)]
        }
    }

    /// exp(log(x)) may leave a range by a rounding.
    static func clamped(_ value: Double, _ range: ClosedRange<Double>) -> Double {
        min(max(value, range.lowerBound), range.upperBound)
    }
}

extension ParameterRange: Codable {
    private enum CodingKeys: String, CodingKey, CaseIterable {
        case uniform, integer, choice
        case logUniform = "log_uniform"
    }

    /// Reads `{uniform: [low, high]}`, `{log_uniform: [low, high]}`, `{integer: [low, high]}` or `{choice: [a, b, …]}`.
    ///
    /// - Throws: `.configInvalid` where it is none of them, a range is empty or not finite, or a logarithm is not.
    public init(from decoder: any Decoder) throws {
        let place = decoder.codingPath.map(\.stringValue).joined(separator: ".")
        try SectionKeys.check(decoder, CodingKeys.self, section: place)
        let container = try decoder.container(keyedBy: CodingKeys.self)
        guard container.allKeys.count == 1, let key = container.allKeys.first else {
            throw SectionKeys.invalid("\(place) must have one of uniform, log_uniform, integer and choice")
        }
        switch key {
        case .choice:
            let values = try container.decode([ParameterValue].self, forKey: key)
            guard (1...1000).contains(values.count), Set(values).count == values.count else {
                throw SectionKeys.invalid("\(place).choice must be 1 to 1000 different values")
            }
            self = .choice(values)
        case .integer:
            let ends = try container.decode([Int].self, forKey: key)
            guard ends.count == 2, ends[0] <= ends[1], ends.allSatisfy({ abs($0) <= 1 << 31 }) else {
                throw SectionKeys.invalid("\(place).integer must be [low, high] with low ≤ high")
            }
            self = .integer(ends[0]...ends[1])
        case .uniform, .logUniform:
            let ends = try container.decode([Double].self, forKey: key)
            let isLog = key == .logUniform
            guard ends.count == 2, ends.allSatisfy(\.isFinite), ends[0] < ends[1], !isLog || ends[0] > 0,
                (ends[1] - ends[0]).isFinite
            else {
                let more = isLog ? ", above 0" : ""
                throw SectionKeys.invalid("\(place).\(key.stringValue) must be [low, high] with low < high\(more)")
            }
            self = isLog ? .logUniform(ends[0]...ends[1]) : .uniform(ends[0]...ends[1])
        }
    }

    /// Writes the same form.
    public func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: CodingKeys.self)
        switch self {
        case .uniform(let range): try container.encode([range.lowerBound, range.upperBound], forKey: .uniform)
        case .logUniform(let range): try container.encode([range.lowerBound, range.upperBound], forKey: .logUniform)
        case .integer(let range): try container.encode([range.lowerBound, range.upperBound], forKey: .integer)
        case .choice(let values): try container.encode(values, forKey: .choice)
        }
    }
}
