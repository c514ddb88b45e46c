public import CutisCore
public import Foundation
import Yams

/// What a sweep searches and how: the file SPACE.yaml of `cutis sweep`.
public struct SweepConfiguration: Codable, Sendable, Hashable {
    /// How the values of a trial are found.
    public enum Method: String, Codable, Sendable, Hashable, CaseIterable {
        /// Independent draws.
        case random
        /// Tree-structured Parzen estimators (Bergstra et al. 2011).
        case tpe
    }

    /// Whether a larger or a smaller score is better.
    public enum Goal: String, Codable, Sendable, Hashable, CaseIterable {
        case maximise, minimise
    }

    /// Asynchronous successive halving (Li et al. 2020): every trial trains a little, the best 1/η of them more.
    public struct Halving: Codable, Sendable, Hashable {
        /// Epochs of the lowest rung.
        public var minimumEpochs: Int
        /// η: a rung has so many times the epochs of the one below.
        public var factor: Int

        /// Makes a rule.
        public init(minimumEpochs: Int, factor: Int = 3) {
            self.minimumEpochs = minimumEpochs
            self.factor = factor
        }

        enum CodingKeys: String, CodingKey, CaseIterable {
            case factor
            case minimumEpochs = "minimum_epochs"
        }

        /// Reads the section.
        public init(from decoder: any Decoder) throws {
            try SectionKeys.check(decoder, CodingKeys.self, section: "halving")
            let container = try decoder.container(keyedBy: CodingKeys.self)
            minimumEpochs = try container.decode(Int.self, forKey: .minimumEpochs)
            factor = try container.decodeIfPresent(Int.self, forKey: .factor) ?? 3
        }
    }

    /// The keys to search, with dots, and their values.
    public var parameters: [String: ParameterRange]
    /// How values are found.
    public var method = Method.tpe
    /// Whether more is better.
    public var goal = Goal.maximise
    /// Epochs of a whole trial.
    public var epochs: Int
    /// Successive halving; nil trains every trial to the end.
    public var halving: Halving?
    /// The seed of every draw.
    public var seed: UInt64 = 1

    /// Makes a sweep of some keys.
    public init(parameters: [String: ParameterRange], epochs: Int) {
        self.parameters = parameters
        self.epochs = epochs
    }

    enum CodingKeys: String, CodingKey, CaseIterable {
        case parameters, method, goal, epochs, halving, seed
    }

    /// Reads the file's content; keys that it leaves out keep their defaults.
    public init(from decoder: any Decoder) throws {
        try SectionKeys.check(decoder, CodingKeys.self, section: "the sweep")
        let container = try decoder.container(keyedBy: CodingKeys.self)
        parameters = try container.decode([String: ParameterRange].self, forKey: .parameters)
        epochs = try container.decode(Int.self, forKey: .epochs)
        method = try container.decodeIfPresent(Method.self, forKey: .method) ?? method
        goal = try container.decodeIfPresent(Goal.self, forKey: .goal) ?? goal
        halving = try container.decodeIfPresent(Halving.self, forKey: .halving)
        seed = try container.decodeIfPresent(UInt64.self, forKey: .seed) ?? seed
        try check()
    }

    /// Reads a file.
    ///
    /// - Throws: `.fileNotFound`, `.fileUnreadable`; `.configInvalid` that names the key.
    public init(file: URL) throws {
        try self.init(yaml: ConfigurationFile.text(of: file), source: file.path)
    }

    /// Reads a file's text.
    ///
    /// - Parameter source: its path, for errors.
    /// - Throws: `.configInvalid` that names the key.
    public init(yaml text: String, source: String) throws {
        // Aliases let a few lines stand for millions of values; a search space needs none.
        guard text.utf8.count <= 1 << 18, !text.contains(where: { $0 == "&" || $0 == "*" }) else {
            throw CutisError(
                .configInvalid, "\(source) is larger than 256 KiB or holds & or * (anchors).",
                remedy: "Write the values out.")
        }
        do {
            self = try YAMLDecoder().decode(Self.self, from: text)
        } catch {
            throw Self.described(error, source)
        }
    }

    /// Refuses a sweep that cannot be run.
    ///
    /// - Throws: `.configInvalid` that names the key.
    public func check() throws(CutisError) {
        guard (1...1000).contains(parameters.count) else {
            throw SectionKeys.invalid("the sweep must have 1 to 1000 parameters")
        }
        for key in parameters.keys.sorted() {
            let parts = key.split(separator: ".", omittingEmptySubsequences: false)
            guard parts.allSatisfy({ !$0.isEmpty }), !key.contains("=") else {
                throw SectionKeys.invalid("'\(key.prefix(200))' is not a key of a configuration")
            }
        }
        guard (1...100_000).contains(epochs) else { throw SectionKeys.invalid("epochs is \(epochs)") }
        if let halving {
            guard (1...epochs).contains(halving.minimumEpochs) else {
                throw SectionKeys.invalid("halving.minimum_epochs must be 1 to epochs (\(epochs))")
            }
            guard (2...100).contains(halving.factor) else {
                throw SectionKeys.invalid("halving.factor must be 2 to 100")
            }
        }
    }

    /// The epochs of each rung, rising; the last are those of a whole trial.
    var rungs: [Int] {
        guard let halving else { return [epochs] }
        var rungs: [Int] = []
        var next = halving.minimumEpochs
        while next < epochs {
            rungs.append(next)
            next *= halving.factor
        }
        return rungs + [epochs]
    }

    private static func described(_ error: any Error, _ source: String) -> CutisError {
        let reason: String
        switch error {
        case let error as CutisError: return error
        case DecodingError.keyNotFound(let key, _): reason = "'\(key.stringValue)' is missing"
        case DecodingError.typeMismatch(_, let context), DecodingError.valueNotFound(_, let context):
            reason = "'\(context.codingPath.map(\.stringValue).joined(separator: "."))' has a value of another kind"
        case DecodingError.dataCorrupted(let context):
            if let inner = context.underlyingError as? CutisError { return inner }
            let place = context.codingPath.map(\.stringValue).joined(separator: ".")
            reason = place.isEmpty ? "it is not YAML" : "'\(place)' is not valid"
        default: reason = "it is not YAML"
        }
        return CutisError(
            .configInvalid, "\(source) is not a search space: \(reason).",
            remedy: "Give `epochs` and `parameters` with a range for each key, such as "
                + "`optimizer.rate: {log_uniform: [1e-5, 1e-2]}`.")
    }
}
