import CutisCore
import CutisStatistics
public import Foundation

/// The values of one trial.
public struct TrialConfiguration: Sendable, Hashable {
    /// From 0.
    public let number: Int
    /// The values by the keys of the configuration.
    public let parameters: [String: ParameterValue]
    /// A folder of the trial's own, which exists: a training that finds its own checkpoint there goes on from it, so
    /// that a trial that was interrupted, or is given more epochs, does not begin again.
    public let folder: URL

    /// The values as a command line has them, `key=value`, sorted by key.
    public var overrides: [String] {
        parameters.sorted { $0.key < $1.key }.map { "\($0.key)=\($0.value.text)" }
    }
}

/// A trial with its score; `best.json` holds the best one.
public struct TrialScore: Codable, Sendable, Hashable {
    /// The trial's number, from 0.
    public let trial: Int
    /// The score after `epochs`.
    public let score: Double
    /// How many epochs it was trained for.
    public let epochs: Int
    /// Its values.
    public let parameters: [String: ParameterValue]
}

/// A search for good hyper-parameters, trial by trial.
///
/// The folder holds `sweep.jsonl` (every start and score, on the disk before the sweep goes on), `best.json` and
/// `trials/0000…`. A sweep that was killed goes on where it was: finished trials are not run again, and the one in the
/// middle is run with the same values in the same folder. The values of trial n come from stream n of the seed and the
/// scores before it, so an interrupted sweep tries the same values as one in a single run.
public final class Sweep {
    /// What a sweep tells as it goes on.
    public enum Event: Sendable {
        case started(TrialConfiguration, epochs: Int)
        case scored(TrialScore, isBest: Bool)
        case failed(trial: Int, reason: String)
    }

    /// Trials that may fail before any has succeeded; then the cause is no trial's own.
    private static let failureLimit = 5

    private let configuration: SweepConfiguration
    private let trialCount: Int
    private let folder: URL
    private let store: TrialStore
    private let halving: SuccessiveHalving
    private var trials: [Trial] = []
    /// The trial that was begun and neither scored nor failed.
    private var pending: (trial: Int, epochs: Int)?

    /// Opens a sweep's folder, which is made where it is missing.
    ///
    /// - Parameters:
    ///   - trialCount: how many different values to try; may grow when the sweep goes on.
    ///   - folder: its place; one that holds another search is refused.
    /// - Throws: `.configInvalid`; `.dataInvalid` where the folder holds another search or is damaged;
    ///   `.outputUnwritable` where another process uses it.
    public init(_ configuration: SweepConfiguration, trialCount: Int, folder: URL) throws {
        try configuration.check()
        guard (1...1_000_000).contains(trialCount) else {
            throw CutisError(.invalidArguments, "\(trialCount) trials.", remedy: "Give 1 to 1000000.")
        }
        self.configuration = configuration
        self.trialCount = trialCount
        self.folder = folder
        do {
            try FileManager.default.createDirectory(
                at: folder.appendingPathComponent("trials"), withIntermediateDirectories: true)
        } catch {
            throw CutisError(
                .outputUnwritable, "Cannot make the folder \(folder.path).",
                remedy: "Check that you may write there, or give another one.")
        }
        let isMaximum = configuration.goal == .maximise
        halving = SuccessiveHalving(
            rungs: configuration.rungs, factor: configuration.halving?.factor ?? 2,
            quality: { isMaximum ? $0 : -$0 })
        var records: [TrialRecord] = []
        let file = folder.appendingPathComponent("sweep.jsonl")
        store = try TrialStore(file, records: &records)
        let text = try JSONText.of(configuration)
        if let first = records.first {
            guard first.event == .sweep, first.configuration == text else {
                throw TrialStore.invalid(file, "it belongs to a search of other values")
            }
            for (number, record) in records.enumerated().dropFirst() {
                guard replay(record) else { throw TrialStore.invalid(file, "line \(number + 1) does not fit") }
            }
        } else {
            try store.append(TrialRecord(event: .sweep, configuration: text))
        }
    }

    /// The trials that have a score, in their order, each after the most epochs that it was trained for.
    public var scores: [TrialScore] {
        trials.compactMap { trial in
            trial.scores.max { $0.key < $1.key }.map {
                TrialScore(trial: trial.number, score: $0.value, epochs: $0.key, parameters: trial.parameters)
            }
        }
    }

    /// Why trials could not be finished, by their numbers.
    public var failures: [Int: String] {
        trials.reduce(into: [:]) { failures, trial in failures[trial.number] = trial.failure }
    }

    /// The file that the best trial is written to.
    public var bestFile: URL { folder.appendingPathComponent("best.json") }

    /// The best trial so far: of those that were trained longest, the one with the best score.
    public var best: TrialScore? {
        for epochs in halving.rungs.reversed() {
            let scored = trials.compactMap { trial in
                trial.scores[epochs].map {
                    TrialScore(trial: trial.number, score: $0, epochs: epochs, parameters: trial.parameters)
                }
            }
            // Of equal scores the first trial's.
            if let best = scored.max(by: {
                (halving.quality($0.score), $1.trial) < (halving.quality($1.score), $0.trial)
            }) {
                return best
            }
        }
        return nil
    }

    /// Runs the trials that are left.
    ///
    /// - Parameters:
    ///   - report: is told what happens.
    ///   - body: trains with the overrides in the trial's folder up to so many epochs in all and gives the score. What
    ///     it throws, and a score that is not finite, makes the trial a failed one, but for `.cancelled`,
    ///     `.noSpaceLeft` and `.outputUnwritable`, which end the sweep.
    /// - Returns: the best trial.
    /// - Throws: `.computeFailed` where no trial succeeds; what ends the sweep.
    public func run(
        report: (Event) -> Void = { _ in }, _ body: (TrialConfiguration, Int) throws -> Double
    ) throws -> TrialScore {
        while let (number, epochs) = try nextJob() {
            let trial = TrialConfiguration(
                number: number, parameters: trials[number].parameters, folder: try trialFolder(number))
            report(.started(trial, epochs: epochs))
            do {
                let score = try body(trial, epochs)
                guard score.isFinite else {
                    throw CutisError(.computeFailed, "The score is not finite.", remedy: "Narrow the search.")
                }
                try finish(TrialRecord(event: .score, trial: number, epochs: epochs, score: score))
                let own = TrialScore(trial: number, score: score, epochs: epochs, parameters: trial.parameters)
                let isBest = own == best
                if isBest { try writeBest() }
                report(.scored(own, isBest: isBest))
            } catch {
                if let error = error as? CutisError,
                    [.cancelled, .noSpaceLeft, .outputUnwritable].contains(error.code)
                {
                    throw error
                }
                let reason = String(String(describing: error).prefix(2000))
                try finish(TrialRecord(event: .failure, trial: number, epochs: epochs, reason: reason))
                report(.failed(trial: number, reason: reason))
            }
        }
        try writeBest()
        guard let best else { throw allFailed() }
        return best
    }

    /// What to run next; nil at the end.
    private func nextJob() throws -> (trial: Int, epochs: Int)? {
        if let pending { return pending }
        if trials.count >= Self.failureLimit, trials.allSatisfy({ $0.failure != nil && $0.scores.isEmpty }) {
            throw allFailed()
        }
        let next: (trial: Int, epochs: Int)
        if let promotion = halving.promotion(trials) {
            next = promotion
        } else if trials.count < trialCount {
            next = (trials.count, halving.rungs[0])
        } else if let promotion = halving.forcedPromotion(trials) {
            next = promotion
        } else {
            return nil
        }
        let record = TrialRecord(
            event: .start, trial: next.trial, epochs: next.epochs,
            parameters: next.trial == trials.count ? draw(next.trial) : nil)
        try finish(record)
        return next
    }

    private func draw(_ number: Int) -> [String: ParameterValue] {
        var generator = SeededGenerator(seed: configuration.seed, stream: UInt64(number))
        let sampler = TreeParzenSampler(parameters: configuration.parameters)
        return sampler.next(configuration.method == .tpe ? observations : [], &generator)
    }

    /// Scores are compared after the same number of epochs: the most that enough trials have reached. What failed is
    /// worse than anything.
    private var observations: [TreeParzenSampler.Observation] {
        let epochs =
            halving.rungs.last { rung in trials.count { $0.scores[rung] != nil } >= TreeParzenSampler.startTrials }
            ?? halving.rungs[0]
        return trials.compactMap { trial in
            guard let quality = trial.scores[epochs].map(halving.quality) ?? (trial.failure == nil ? nil : -.infinity)
            else { return nil }
            return TreeParzenSampler.Observation(parameters: trial.parameters, quality: quality)
        }
    }

    /// Stores a record and takes it over.
    private func finish(_ record: TrialRecord) throws {
        try store.append(record)
        guard replay(record) else {
            throw TrialStore.invalid(folder.appendingPathComponent("sweep.jsonl"), "its lines do not fit each other")
        }
    }

    /// Takes over a record; false where it does not fit those before it.
    private func replay(_ record: TrialRecord) -> Bool {
        guard let number = record.trial, let epochs = record.epochs, halving.rungs.contains(epochs) else {
            return false
        }
        switch record.event {
        case .sweep: return false
        case .start:
            if number == trials.count {
                guard let given = record.parameters, Set(given.keys) == Set(configuration.parameters.keys) else {
                    return false
                }
                trials.append(Trial(number: number, parameters: normalised(given)))
            }
            guard pending == nil, trials.indices.contains(number) else { return false }
            pending = (number, epochs)
        case .score, .failure:
            guard let pending, pending == (number, epochs) else { return false }
            if record.event == .failure {
                trials[number].failure = record.reason ?? ""
            } else {
                guard let score = record.score else { return false }
                trials[number].scores[epochs] = score
            }
            self.pending = nil
        }
        return true
    }

    /// JSON writes 2.0 as 2; the key's range tells what it was.
    private func normalised(_ values: [String: ParameterValue]) -> [String: ParameterValue] {
        var values = values
        for (key, range) in configuration.parameters {
            switch range {
            case .uniform, .logUniform: values[key] = values[key]?.number.map { .number($0) }
            case .choice(let choices):
                // Two spellings of one number are one choice.
                if let value = values[key]?.number, let choice = choices.first(where: { $0.number == value }) {
                    values[key] = choice
                }
            case .integer: break
            }
        }
        return values
    }

    private func trialFolder(_ number: Int) throws -> URL {
        let digits = String(number)
        let name = String(repeating: "0", count: max(0, 4 - digits.count)) + digits
        let url = folder.appendingPathComponent("trials/\(name)")
        do {
            try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
        } catch {
            throw CutisError(
                .outputUnwritable, "Cannot make the folder \(url.path).", remedy: "Check that you may write there.")
        }
        return url
    }

    private func writeBest() throws {
        guard let best else { return }
        try AtomicOutput.file(bestFile, Data((try JSONText.of(best, pretty: true) + "\n").utf8))
    }

    private func allFailed() -> CutisError {
        let reason = trials.last?.failure ?? "no trial was run"
        return CutisError(
            .computeFailed, "All \(trials.count) trials of the sweep failed; the last one: \(reason)",
            remedy: "Run `cutis train` with the configuration alone first, then search around it.")
    }
}
