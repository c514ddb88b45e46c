import CutisCore
import CutisInference
import CutisOptimization
import Foundation
import Testing

@Suite("What may be lost, and how it is measured")
struct BudgetTests {
    /// Ten positives and ten negatives; `missed` positives lie below the threshold of 0.5.
    private func figures(missed: Int, cosine: Double = 1) throws -> AccuracyFigures {
        let scores = (0..<20).map { $0 < missed ? 0.4 : $0 < 10 ? 0.9 : 0.1 }
        let diagnosis = try diagnosis(scores, given: scores)
        let angle = Float((1 - cosine * cosine).squareRoot())
        let given = ModelAnswers(embeddings: [[1, 0]], probabilities: [])
        let agreement = AgreementFigures(
            ModelAnswers(embeddings: [[Float(cosine), angle]], probabilities: []), with: given)
        return AccuracyFigures(agreement: agreement, diagnosis: diagnosis)
    }

    private func diagnosis(_ scores: [Double], given: [Double]) throws -> DiagnosticFigures {
        try DiagnosticFigures(
            scores.map { [$0] }, labels: (0..<20).map { $0 < 10 ? 0 : nil }, positive: "mel", at: 0, threshold: 0.5,
            given: given.map { [$0] })
    }

    @Test func whatRoundingDecidesIsNotLost() throws {
        let others = [Double](repeating: 0.9, count: 9) + [Double](repeating: 0.1, count: 10)
        func violations(_ before: Double, _ after: Double) throws -> Int {
            let same = ModelAnswers(embeddings: [[1]], probabilities: [])
            let agreement = AgreementFigures(same, with: same)
            let given = try diagnosis([before] + others, given: [before] + others)
            let candidate = try diagnosis([after] + others, given: [before] + others)
            return AccuracyBudget(for: .int8).violations(
                AccuracyFigures(agreement: agreement, diagnosis: candidate),
                against: AccuracyFigures(agreement: agreement, diagnosis: given)
            ).count
        }
        #expect(try violations(0.5, 0.49999999) == 0)
        #expect(try violations(0.50005, 0.49995) == 0)
        #expect(try violations(0.5002, 0.49995) == 1)
        #expect(try violations(0.5, 0.4998) == 1)
    }

    @Test func aLossWithinTheBudgetPasses() throws {
        var budget = AccuracyBudget(for: .int8)
        budget.sensitivityLoss = 10
        #expect(try budget.violations(figures(missed: 2), against: figures(missed: 1)).isEmpty)
        #expect(try budget.violations(figures(missed: 0), against: figures(missed: 3)).isEmpty)
    }

    @Test func aLossBeyondItIsNamedWithItsSize() throws {
        let budget = AccuracyBudget(for: .int8)
        let found = try budget.violations(figures(missed: 1, cosine: 0.99), against: figures(missed: 0))
        #expect(found.count == 2)
        #expect(found.first?.contains("0.00500 below the least of 0.995") == true, "\(found)")
        #expect(found.last?.contains("10.00 points, 9.50 more than the budget of 0.5") == true, "\(found)")
    }

    @Test func notANumberNeverPasses() throws {
        let broken = ModelAnswers(embeddings: [[.nan, 1]], probabilities: [])
        let agreement = AgreementFigures(broken, with: ModelAnswers(embeddings: [[1, 1]], probabilities: []))
        let figures = AccuracyFigures(agreement: agreement, diagnosis: nil)
        #expect(AccuracyBudget(for: .bf16).violations(figures, against: figures).count == 1)
    }

    @Test func agreementCountsWhatChanged() {
        let given = ModelAnswers(embeddings: [[1, 0], [0, 2]], probabilities: [[0.6, 0.4], [0.3, 0.7]])
        let other = ModelAnswers(embeddings: [[1, 1], [0, 3]], probabilities: [[0.4, 0.6], [0.3, 0.7]])
        let figures = AgreementFigures(other, with: given)
        #expect(figures.sameClass == 0.5)
        #expect(abs((figures.largestDifference ?? 0) - 0.2) < 1e-12)
        #expect(abs(figures.lowestCosine - 0.5.squareRoot()) < 1e-12)
        #expect(abs(figures.meanCosine - (1 + 0.5.squareRoot()) / 2) < 1e-12)
    }

    @Test func aChildProcessEndsInEveryWay() throws {
        let shell = URL(fileURLWithPath: "/bin/sh")
        let good = try ChildProcess(shell, ["-c", "echo out; echo err >&2; exit 3"]).wait(limit: .seconds(10))
        #expect(good.status == 3)
        #expect(good.signal == nil)
        #expect(String(decoding: good.output, as: UTF8.self) == "out\n")
        #expect(String(decoding: good.errors, as: UTF8.self) == "err\n")
        let killed = try ChildProcess(shell, ["-c", "kill -9 $$"]).wait(limit: .seconds(10))
        #expect(killed.signal == SIGKILL)
        let slow = try ChildProcess(shell, ["-c", "exec sleep 30"])
        #expect(refusal { _ = try slow.wait(limit: .milliseconds(50)) }?.code == .computeFailed)
        let missing = refusal { _ = try ChildProcess(URL(fileURLWithPath: "/nothing/here"), []) }
        #expect(missing?.message.contains("/nothing/here") == true)
    }
}
