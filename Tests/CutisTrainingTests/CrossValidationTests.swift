import CutisCore
import CutisStatistics
import CutisTraining
import Foundation
import Testing

// Within the trainer's suite, since both interrupt the process.
extension TrainerTests {
    @Suite("Cross-validation", .serialized)
    struct CrossValidationTests {
        private static func options() -> Trainer.Options { Trainer.Options(version: "test") }

        @Test func everyImageIsJudgedOnceByAModelThatHasNotSeenItsLesion() throws {
            let (data, output) = (try TemporaryFolder(), try TemporaryFolder())
            try SyntheticLesions.write(to: data.url, perClass: 12, side: 36)
            let short = ["schedule.stages=[{epochs: 2}]", "card.title=Folds"]
            let configuration = try SyntheticLesions.configuration(data.url, output.url, short)
            // Stopped in the second fold, then called again.
            let stopped = #expect(throws: CutisError.self) {
                try CrossValidator.run(configuration, folds: 3, options: Self.options()) { fold, progress in
                    if fold == 1, progress.epoch == 1 { InterruptSignal.raise() }
                }
            }
            #expect(stopped?.code == .cancelled)
            var trained: Set<Int> = []
            let outcome = try CrossValidator.run(configuration, folds: 3, options: Self.options()) { fold, _ in
                trained.insert(fold)
            }
            #expect(trained == [1, 2], "the first fold was finished")
            let report = try JSONDecoder().decode(CrossValidationReport.self, from: Data(contentsOf: outcome.report))
            #expect(report.folds.count == 3 && report.watched == "mel")
            #expect(report.folds.reduce(0) { $0 + $1.images } == 84)
            #expect(report.pooled.counts.values.allSatisfy { $0 == 12 })
            #expect(try #require(report.pooled.watched).operatingPoint.sensitivity.value >= 0.8)
            #expect(report.pooled.subgroups.contains { $0.attribute == "sex" })

            // The card of the same recipe takes the figures; that of another one refuses them.
            let taking = short + ["card.cross_validation=\"\(outcome.report.path)\""]
            let run = try Trainer.run(
                SyntheticLesions.configuration(data.url, output.url, taking), options: Self.options())
            let file = try #require(run.bundle).appendingPathComponent("MODEL_CARD.md")
            let card = try String(contentsOf: file, encoding: .utf8)
            for text in ["## Cross-validation", "trained 3 times", "| mel: AUROC |"] {
                #expect(card.contains(text), "the card lacks '\(text)'")
            }
            let other = try SyntheticLesions.configuration(data.url, output.url, taking + ["ema=0.5", "name=other"])
            let refused = #expect(throws: CutisError.self) { try Trainer.run(other, options: Self.options()) }
            #expect(refused?.code == .configInvalid && refused?.message.contains("another recipe") == true)
            let missing = try SyntheticLesions.configuration(
                data.url, output.url, ["name=missing", "card.cross_validation=nowhere.json"])
            let absent = #expect(throws: CutisError.self) { try Trainer.run(missing, options: Self.options()) }
            #expect(absent?.code == .configInvalid && absent?.message.contains("nowhere.json") == true)
        }

        @Test func oneFoldIsNoCrossValidation() throws {
            let output = try TemporaryFolder()
            let configuration = try SyntheticLesions.configuration(output.url, output.url)
            let error = #expect(throws: CutisError.self) {
                try CrossValidator.run(configuration, folds: 1, options: Self.options())
            }
            #expect(error?.code == .invalidArguments)
        }
    }
}
