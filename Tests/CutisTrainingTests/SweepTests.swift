import CutisCore
import CutisStatistics
import CutisTraining
import Foundation
import Testing

@Suite struct SweepTests {
    private static let space: [String: ParameterRange] = [
        "optimizer.rate": .logUniform(1e-6...1), "model.dropout": .uniform(0...0.9), "model.depth": .integer(1...24),
        "optimizer.kind": .choice([.text("sgd"), .text("adamw"), .text("lion")]),
    ]

    /// A smooth function with its best, 0, at rate 1e-3, dropout 0.3, depth 12 and adamw.
    private static func quality(_ trial: TrialConfiguration) -> Double {
        func number(_ key: String) -> Double { Double(trial.parameters[key]?.text ?? "") ?? .nan }
        let rate = (log10(number("optimizer.rate")) + 3) / 2
        let dropout = (number("model.dropout") - 0.3) * 3
        let depth = (number("model.depth") - 12) / 6
        let kind = ["adamw": 0.0, "sgd": 0.5, "lion": 1][trial.parameters["optimizer.kind"]?.text ?? ""] ?? .nan
        return -(rate * rate + dropout * dropout + depth * depth + kind)
    }

    private func configuration(
        _ method: SweepConfiguration.Method = .tpe, seed: UInt64 = 1, epochs: Int = 1
    ) -> SweepConfiguration {
        var configuration = SweepConfiguration(parameters: Self.space, epochs: epochs)
        configuration.method = method
        configuration.seed = seed
        return configuration
    }

    /// The same number of trials with the same first draws; the mean distance to the best possible must be less than
    /// half, and most seeds must gain.
    @Test func tpeBeatsRandomSearch() throws {
        var wins = 0
        var (tpeSum, randomSum) = (0.0, 0.0)
        let seeds = 10
        for seed in 1...seeds {
            func best(_ method: SweepConfiguration.Method) throws -> Double {
                let folder = try TemporaryFolder()
                return try Sweep(configuration(method, seed: UInt64(seed)), trialCount: 50, folder: folder.url)
                    .run { trial, _ in Self.quality(trial) }.score
            }
            let (tpe, random) = (try best(.tpe), try best(.random))
            print("sweep, seed \(seed): tpe \(tpe), random \(random)")
            wins += tpe > random ? 1 : 0
            tpeSum -= tpe
            randomSum -= random
        }
        print("sweep: mean distance tpe \(tpeSum / Double(seeds)), random \(randomSum / Double(seeds)), \(wins) wins")
        #expect(wins >= seeds * 3 / 4)
        #expect(tpeSum < randomSum / 2)
    }

    @Test func drawsStayInTheirRangesAndCoverThem() throws {
        let folder = try TemporaryFolder()
        var seen: [TrialConfiguration] = []
        _ = try Sweep(configuration(.random), trialCount: 400, folder: folder.url).run { trial, _ in
            seen.append(trial)
            return 0
        }
        func numbers(_ key: String) -> [Double] { seen.compactMap { Double($0.parameters[key]?.text ?? "") } }
        let rates = numbers("optimizer.rate").map { log10($0) }
        #expect(rates.count == 400 && rates.allSatisfy { (-6...0).contains($0) })
        #expect(abs(rates.reduce(0, +) / 400 + 3) < 0.35)
        let dropouts = numbers("model.dropout")
        #expect(dropouts.allSatisfy { (0...0.9).contains($0) })
        #expect(abs(dropouts.reduce(0, +) / 400 - 0.45) < 0.05)
        #expect(Set(numbers("model.depth")) == Set((1...24).map(Double.init)))
        let kinds = seen.map { $0.parameters["optimizer.kind"]?.text ?? "" }
        #expect(["sgd", "adamw", "lion"].allSatisfy { kind in (90...180).contains(kinds.count { $0 == kind }) })
        #expect(seen[0].overrides.map { String($0.prefix { $0 != "=" }) } == Self.space.keys.sorted())
    }

    /// A sweep that ends in a trial goes on with the same trial and tries the same values as one in a single run.
    @Test(arguments: [0, 1, 7, 15, 22]) func goesOnAfterASuddenEnd(_ end: Int) throws {
        var configuration = configuration(epochs: 9)
        configuration.halving = .init(minimumEpochs: 1, factor: 3)
        func sweep(_ folder: URL, endingAt end: Int?) throws -> (calls: [[String]], best: TrialScore?) {
            var calls: [[String]] = []
            let sweep = try Sweep(configuration, trialCount: 18, folder: folder)
            let best = try? sweep.run { trial, epochs in
                calls.append(["\(trial.number)", "\(epochs)"] + trial.overrides)
                if calls.count - 1 == end { throw CutisError(.cancelled, "", remedy: "") }
                return Self.quality(trial) - 1 / Double(epochs)
            }
            return (calls, best)
        }
        let (whole, parts) = (try TemporaryFolder(), try TemporaryFolder())
        let expected = try sweep(whole.url, endingAt: nil)
        let first = try sweep(parts.url, endingAt: end)
        #expect(first.best == nil)
        // The end came while a line was written.
        let file = parts.url.appendingPathComponent("sweep.jsonl")
        let handle = try FileHandle(forWritingTo: file)
        try handle.seekToEnd()
        try handle.write(contentsOf: Data(#"{"event":"score","tri"#.utf8))
        try handle.close()
        let second = try sweep(parts.url, endingAt: nil)
        #expect(first.calls.last == second.calls.first)
        #expect(first.calls.dropLast() + second.calls == expected.calls)
        #expect(second.best == expected.best)
        #expect(try Data(contentsOf: file).filter { $0 == 10 }.count == 1 + 2 * expected.calls.count)
        // Nothing is left to do.
        #expect(try sweep(parts.url, endingAt: 0).calls.isEmpty)
        let best = try JSONDecoder().decode(
            TrialScore.self, from: Data(contentsOf: parts.url.appendingPathComponent("best.json")))
        #expect(best.trial == expected.best?.trial && best.score == expected.best?.score)
    }

    /// Of 27 trials 9 come to the second rung and 3 to the third, and the best is among them.
    @Test func halvingSpendsEpochsOnTheBest() throws {
        var configuration = configuration(.random, epochs: 9)
        configuration.halving = .init(minimumEpochs: 1)
        configuration.goal = .minimise
        let folder = try TemporaryFolder()
        var reached: [Int: Int] = [:]
        var losses: [Int: Double] = [:]
        let best = try Sweep(configuration, trialCount: 27, folder: folder.url).run { trial, epochs in
            #expect(epochs == (reached[trial.number].map { $0 * 3 } ?? 1))
            reached[trial.number] = epochs
            losses[trial.number] = -Self.quality(trial)
            return -Self.quality(trial) + 1 / Double(epochs)
        }
        let atLeast = [1, 3, 9].map { rung in reached.values.count { $0 >= rung } }
        // Asynchronous promotion may promote a few that are later overtaken, never fewer.
        #expect(atLeast[0] == 27 && (9...16).contains(atLeast[1]) && (3...9).contains(atLeast[2]), "\(atLeast)")
        #expect(best.epochs == 9 && losses[best.trial] == losses.values.min())
    }

    @Test func aShortSweepStillTrainsOneToTheEnd() throws {
        var configuration = configuration(.random, epochs: 9)
        configuration.halving = .init(minimumEpochs: 1)
        let folder = try TemporaryFolder()
        let best = try Sweep(configuration, trialCount: 2, folder: folder.url).run { trial, _ in Self.quality(trial) }
        #expect(best.epochs == 9)
    }

    @Test func failedTrialsArePassedOver() throws {
        let folder = try TemporaryFolder()
        var failures = 0
        let best = try Sweep(configuration(), trialCount: 20, folder: folder.url).run(
            report: { if case .failed = $0 { failures += 1 } },
            { trial, _ in
                if trial.number % 3 == 0 { throw CutisError(.computeFailed, "diverged", remedy: "") }
                return trial.number == 7 ? .nan : Self.quality(trial)
            })
        #expect(failures == 8 && best.trial % 3 != 0)

        let other = try TemporaryFolder()
        var runs = 0
        let error = TrainingErrors.caught {
            _ = try Sweep(configuration(), trialCount: 100, folder: other.url).run { _, _ in
                runs += 1
                throw CutisError(.configInvalid, "unknown key", remedy: "")
            }
        }
        #expect(error?.code == .computeFailed && error?.message.contains("unknown key") == true)
        #expect(runs == 5)
    }

    @Test func anotherSearchAndDamageAreRefused() throws {
        let folder = try TemporaryFolder()
        _ = try Sweep(configuration(), trialCount: 3, folder: folder.url).run { trial, _ in Self.quality(trial) }
        let other = TrainingErrors.caught {
            _ = try Sweep(configuration(seed: 2), trialCount: 3, folder: folder.url)
        }
        #expect(other?.message.contains("another") == true || other?.message.contains("other values") == true)
        // More trials of the same search go on.
        var numbers: [Int] = []
        _ = try Sweep(configuration(), trialCount: 5, folder: folder.url).run { trial, _ in
            numbers.append(trial.number)
            return Self.quality(trial)
        }
        #expect(numbers == [3, 4])
        let running = try Sweep(configuration(), trialCount: 5, folder: folder.url)
        let locked = TrainingErrors.caught { _ = try Sweep(configuration(), trialCount: 5, folder: folder.url) }
        #expect(locked?.code == .outputUnwritable)
        withExtendedLifetime(running) {}

        let damaged = try TemporaryFolder()
        let file = damaged.url.appendingPathComponent("sweep.jsonl")
        for text in ["hello\n", #"{"event":"score","trial":0,"epochs":1,"score":1}"# + "\n"] {
            try Data(text.utf8).write(to: file)
            let error = TrainingErrors.caught { _ = try Sweep(configuration(), trialCount: 5, folder: damaged.url) }
            #expect(error?.code == .dataInvalid)
        }
    }

    @Test func theSpaceIsReadFromYAML() throws {
        let text = """
            method: tpe
            goal: minimise
            epochs: 27
            seed: 7
            halving: {minimum_epochs: 1, factor: 3}
            parameters:
              optimizer.rate: {log_uniform: [1.0e-5, 1.0e-2]}
              model.dropout: {uniform: [0, 0.5]}
              model.depth: {integer: [2, 12]}
              optimizer.kind: {choice: [adamw, sgd]}
              data.flip: {choice: [true, false]}
            """
        let read = try SweepConfiguration(yaml: text, source: "space.yaml")
        #expect(read.goal == .minimise && read.epochs == 27 && read.seed == 7 && read.halving?.factor == 3)
        #expect(read.parameters["optimizer.rate"] == .logUniform(1e-5...1e-2))
        #expect(read.parameters["model.dropout"] == .uniform(0...0.5))
        #expect(read.parameters["model.depth"] == .integer(2...12))
        #expect(read.parameters["optimizer.kind"] == .choice([.text("adamw"), .text("sgd")]))
        #expect(read.parameters["data.flip"] == .choice([.flag(true), .flag(false)]))
    }

    @Test(arguments: [
        ("epochs: 3", "parameters"),
        ("epochs: 3\nparameters: {a: {uniform: [1, 0]}}", "uniform"),
        ("epochs: 3\nparameters: {a: {log_uniform: [0, 1]}}", "log_uniform"),
        ("epochs: 3\nparameters: {a: {uniform: [0, .inf]}}", "uniform"),
        ("epochs: 3\nparameters: {a: {integer: [1, 2, 3]}}", "integer"),
        ("epochs: 3\nparameters: {a: {choice: []}}", "choice"),
        ("epochs: 3\nparameters: {a: {normal: [0, 1]}}", "normal"),
        ("epochs: 3\nparameters: {a: {uniform: [0, 1], integer: [0, 1]}}", "one of"),
        ("epochs: 3\nparameters: {a..b: {uniform: [0, 1]}}", "a..b"),
        ("epochs: 3\nparameters: {}", "1 to 1000"),
        ("epochs: 0\nparameters: {a: {uniform: [0, 1]}}", "epochs"),
        ("epochs: 3\nhalving: {minimum_epochs: 9}\nparameters: {a: {uniform: [0, 1]}}", "minimum_epochs"),
        ("epochs: 3\nmethods: tpe\nparameters: {a: {uniform: [0, 1]}}", "methods"),
        ("epochs: &a 3\nparameters: {a: {uniform: [0, 1]}}", "anchors"), ("{", "not YAML"), ("", "parameters"),
    ])
    func aWrongSpaceIsRefused(_ text: String, _ word: String) {
        let error = TrainingErrors.caught { _ = try SweepConfiguration(yaml: text, source: "space.yaml") }
        #expect(error?.code == .configInvalid)
        let isNamed = error?.message.contains(word) == true || error?.remedy.contains(word) == true
        #expect(isNamed, "\(error?.message ?? "")")
    }
}
