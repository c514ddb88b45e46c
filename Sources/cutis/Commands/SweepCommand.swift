import ArgumentParser
import CutisCore
import CutisInference
import CutisTensor
import CutisTraining
import Foundation

/// `cutis sweep`
struct SweepCommand: AsyncParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "sweep",
        abstract: "Search good values of a training's configuration, trial by trial.",
        discussion: """
            CONFIG is that of `cutis train`; SPACE names the keys to search, their ranges, and how (docs/training.md).

            EXAMPLES
              cutis sweep config.yaml --space space.yaml --trials 30
              cutis sweep config.yaml --space space.yaml --trials 30 data.path=ham10000/ --output sweeps/ham

            The folder (runs/NAME-sweep unless told) gets sweep.jsonl, best.json and a run's folder for each trial.
            Ctrl-C writes a checkpoint first; the same command goes on with the sweep, and with more --trials adds some.
            """)

    @Argument(help: ArgumentHelp("The configuration.", valueName: "config"))
    var config: String

    @Argument(help: ArgumentHelp("Changes of it, such as schedule.epochs=50.", valueName: "key=value"))
    var overrides: [String] = []

    @Option(help: ArgumentHelp("What is searched (YAML).", valueName: "file"))
    var space: String

    @Option(help: ArgumentHelp("How many different values are tried.", valueName: "n"))
    var trials: Int

    @Option(name: .shortAndLong, help: ArgumentHelp("The folder of the sweep.", valueName: "folder"))
    var output: String?

    @Option(help: ArgumentHelp("Where to compute: auto, cpu or cuda.", valueName: "device"))
    var device: DeviceChoice = .auto

    @OptionGroup var quietness: QuietnessOptions

    mutating func validate() throws {
        guard (1...1_000_000).contains(trials) else { throw ValidationError("--trials must be between 1 and 1000000.") }
    }

    func run() async throws {
        guard try DistributedEnvironment.read() == nil else {
            throw CutisError(
                .invalidArguments, "A sweep trains in one process, and this is one of several.",
                remedy: "Start it without torchrun or srun.")
        }
        let search = try SweepConfiguration(file: URL(fileURLWithPath: space))
        let base = try trainingConfiguration([])
        try check(search, base)
        let place = try LoadOptions(device: device).resolvedDevice()
        let folder =
            output.map { URL(fileURLWithPath: $0) }
            ?? URL(fileURLWithPath: base.output).appendingPathComponent("\(base.name)-sweep")
        let sweep = try Sweep(search, trialCount: trials, folder: folder)
        try keep(base, in: folder)
        let line = TrainingLine(quiet: quietness.quiet)
        // The trainer has its own way to end: it saves a checkpoint first.
        Interrupts.shared.stop()
        let best = try sweep.run(report: { tell($0, line) }) { trial, epochs in
            let score = try train(trial, epochs: epochs, device: place, line)
            return search.goal == .minimise ? -score : score
        }
        try StandardOutput.write(table(sweep, search, best))
    }

    private func trainingConfiguration(_ changes: [String]) throws(CutisError) -> TrainingConfiguration {
        try TrainingConfiguration(file: URL(fileURLWithPath: config), overrides: overrides + changes)
    }

    /// Refuses a search before its first trial that could only fail, or whose scores could not be compared.
    private func check(_ search: SweepConfiguration, _ base: TrainingConfiguration) throws(CutisError) {
        let keys = search.parameters.keys.sorted()
        let common = ["name", "output", "data", "validation", "card"]
        if let key = keys.first(where: { common.contains(String($0.prefix { $0 != "." })) }) {
            throw CutisError(
                .configInvalid, "\(space) searches '\(key)', which all trials must have alike.",
                remedy: "Leave it out: only the same images and the same figure make scores that can be compared.")
        }
        guard search.epochs <= base.schedule.epochs else {
            throw CutisError(
                .configInvalid,
                "\(space) has \(search.epochs) epochs, more than the \(base.schedule.epochs) of \(config).",
                remedy: "Give fewer epochs there, or a longer schedule (schedule.epochs=\(search.epochs)).")
        }
        guard search.goal == .maximise || base.validation.metric == .loss else {
            throw CutisError(
                .configInvalid, "\(space) minimises, but of \(base.validation.metric.rawValue) more is better.",
                remedy: "Use goal: maximise; to minimise is for validation.metric loss.")
        }
        // One value of each key together tells a misspelt key and a range that leaves its bounds.
        let firsts = keys.compactMap { key in search.parameters[key].map { "\(key)=\($0.first.text)" } }
        _ = try trainingConfiguration(firsts)
    }

    /// Trials are compared with each other, so that a sweep goes on with the configuration that it began with.
    private func keep(_ base: TrainingConfiguration, in folder: URL) throws {
        let file = folder.appendingPathComponent("config.yaml")
        guard FileManager.default.fileExists(atPath: file.path) else {
            try AtomicOutput.file(file, Data(base.yaml.utf8))
            return
        }
        let earlier = try? TrainingConfiguration(file: file).fingerprint
        guard try earlier == base.fingerprint else {
            throw CutisError(
                .checkpointMismatch, "The sweep in \(folder.path) was begun with another configuration.",
                remedy: "Give that configuration (it is in \(file.path)), or another output folder.")
        }
    }

    /// Trains a trial up to so many epochs in all.
    ///
    /// - Returns: its best validation score, more being better.
    private func train(
        _ trial: TrialConfiguration, epochs: Int, device: Device, _ line: TrainingLine
    ) throws -> Double {
        var own = try trainingConfiguration(trial.overrides)
        own.output = trial.folder.deletingLastPathComponent().path
        own.name = trial.folder.lastPathComponent
        let options = Trainer.Options(
            resumes: FileManager.default.fileExists(atPath: RunFolder(reading: trial.folder).configuration.path),
            device: device, recommendations: try InstalledFiles.recommendations(), version: Cutis.version,
            maximumEpochs: epochs)
        let outcome: Trainer.Outcome
        do {
            outcome = try Trainer.run(own, options: options) { line.show($0) }
        } catch let error as CutisError where error.code == .cancelled {
            throw CutisError(
                .cancelled, "The sweep was interrupted in trial \(trial.number). \(error.message)",
                remedy: "Give the same command again to go on with it.")
        }
        guard let score = outcome.bestScore else {
            throw CutisError(
                .computeFailed, "No epoch of the trial could be judged.",
                remedy: "Train with its values alone first: \(trial.overrides.joined(separator: " ")).")
        }
        return score
    }

    private func tell(_ event: Sweep.Event, _ line: TrainingLine) {
        line.close()
        guard !quietness.quiet else { return }
        switch event {
        case .started(let trial, let epochs):
            line.prefix = "trial \(trial.number): "
            printToStandardError("trial \(trial.number) to epoch \(epochs): \(trial.overrides.joined(separator: " "))")
        case .scored(let score, let isBest):
            let rank = isBest ? ", the best so far" : ""
            printToStandardError("trial \(score.trial): score \(Self.text(score.score))\(rank)")
        case .failed(let trial, let reason): printToStandardError("cutis: warning: trial \(trial) failed: \(reason)")
        }
    }

    private func table(_ sweep: Sweep, _ search: SweepConfiguration, _ best: TrialScore) -> String {
        let keys = search.parameters.keys.sorted()
        let rows = sweep.scores.map { score in
            ["\(score.trial)", "\(score.epochs)", Self.text(score.score)]
                + keys.map { score.parameters[$0].map { OneLine.text($0.text) } ?? "–" }
        }
        var lines = TextTable.lines([["trial", "epochs", "score"] + keys] + rows)
        let failed = sweep.failures.keys.sorted().map(String.init)
        if !failed.isEmpty { lines.append("failed: \(failed.joined(separator: ", "))") }
        lines.append("best: trial \(best.trial), score \(Self.text(best.score)) after \(best.epochs) epochs")
        return (lines + [sweep.bestFile.path]).joined(separator: "\n") + "\n"
    }

    private static func text(_ score: Double) -> String { String(format: "%.4f", score) }
}

extension ParameterRange {
    /// A value that it may take.
    fileprivate var first: ParameterValue {
        switch self {
        case .uniform(let range), .logUniform(let range): .number(range.lowerBound)
        case .integer(let range): .integer(range.lowerBound)
        case .choice(let values): values[0]
        }
    }
}
