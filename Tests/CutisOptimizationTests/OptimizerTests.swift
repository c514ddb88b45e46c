import CutisCore
import CutisInference
import CutisModels
import CutisOptimization
import CutisStatistics
import CutisTensor
import Foundation
import Testing

@Suite("From one bundle to another", .enabled(if: PackedLinear.isAvailable))
struct OptimizerTests {
    private static let available = [Precision.fp16, .bf16, .int8].filter {
        (try? PrecisionChoice.check($0, fallsBack: false)) != nil
    }

    @Test(arguments: available)
    func theNewBundleVerifiesAndSaysWhatItKeeps(_ precision: Precision) async throws {
        let workshop = try Workshop()
        let report = try BundleOptimizer(workshop.request(precision), benchmark: nil).run()
        let bundle = try ModelBundle(workshop.output)
        _ = try await BundleVerification.run(bundle)
        _ = try await BundleVerification.run(bundle, options: LoadOptions(device: .cpu, precision: .fp32))
        #expect(try LoadedModel(bundle, options: LoadOptions(device: .cpu)).precision == precision)
        let before = try #require(workshop.bundle.manifest.files[BundleLayout.weights]?.bytes)
        let after = try #require(bundle.manifest.files[BundleLayout.weights]?.bytes)
        #expect(Double(after) < (precision == .int8 ? 0.5 : 0.65) * Double(before))
        #expect(report.columns[1].accuracy.agreement.meanCosine >= report.budget.cosine)
        #expect(report.violations.isEmpty)
        let stored = try String(contentsOf: bundle.file("optimization.json"), encoding: .utf8)
        #expect(stored == report.json.text() + "\n")
        #expect(bundle.manifest.files["optimization.json"] != nil)
        let card = try String(contentsOf: bundle.file(BundleLayout.modelCard), encoding: .utf8)
        #expect(card.contains("Optimised to \(precision.rawValue)"))
        #expect(card.contains("nothing is known about sensitivity"))
        #expect(bundle.manifest.version == workshop.bundle.manifest.version + "+\(precision.rawValue)")
    }

    @Test("a residual network becomes int8 too", .enabled(if: available.contains(.int8)))
    func aResidualNetworkBecomesInt8() async throws {
        let workshop = try Workshop("timm-resnet18")
        var request = try workshop.request(.int8)
        request.comparesNaive = true
        let report = try BundleOptimizer(request, benchmark: nil).run()
        #expect(report.columns.count == 3)
        #expect(report.columns[1].accuracy.agreement.meanCosine > 0.995)
        #expect(report.layers.contains { $0.exponent != nil && $0.keptBecause == nil })
        _ = try await BundleVerification.run(ModelBundle(workshop.output))
    }

    @Test("the plain conversion can be written as well", .enabled(if: available.contains(.int8)))
    func thePlainConversion() throws {
        let workshop = try Workshop()
        var request = try workshop.request(.int8)
        request.method = .minmax
        request.budget.cosine = 0.5
        let report = try BundleOptimizer(request, benchmark: nil).run()
        #expect(try ModelBundle(workshop.output).manifest.quantisation?.weights == .perTensor)
        #expect(report.layers.allSatisfy { $0.exponent == nil && $0.keptBecause == nil })
    }

    @Test("what loses too much is refused, and nothing is left", arguments: available)
    func aLossBeyondTheBudget(_ precision: Precision) throws {
        let workshop = try Workshop()
        var request = try workshop.request(precision)
        request.budget.cosine = 1.5
        let before = try workshop.names()
        let optimizer = BundleOptimizer(request, benchmark: nil)
        let found = #expect(throws: OptimizationRefusal.self) { _ = try optimizer.run() }
        #expect(found?.error.code == .accuracyLost)
        #expect(found?.error.message.contains("mean cosine") == true)
        #expect(found?.report.violations.count == 1)
        #expect(try workshop.names() == before)
        // Every attempt has put more layers back.
        if precision == .int8 { #expect((found?.report.layers.count { $0.keptBecause != nil } ?? 0) >= 4) }
    }

    @Test("labels decide where they are given", .enabled(if: available.contains(.int8)))
    func labelsDecide() throws {
        let workshop = try Workshop()
        var request = try workshop.request(.int8)
        let ids = workshop.bundle.manifest.labels.labels.map(\.id)
        request.validation = try workshop.table((0..<9).map { "images/\($0).png,\(ids[$0 % ids.count])" })
        request.positive = ids[0]
        request.budget.sensitivityLoss = 100
        request.budget.areaLoss = 1
        let report = try BundleOptimizer(request, benchmark: nil).run()
        let diagnosis = try #require(report.columns[1].accuracy.diagnosis)
        #expect(diagnosis.positive == ids[0])
        #expect(diagnosis.sensitivity.count == (0..<9).count { $0 % ids.count == 0 })
        #expect(OptimizationTable(report).text.contains("AUC of \(ids[0])"))
    }

    @Test func speedIsWhatTheBenchmarkSays() throws {
        let workshop = try Workshop()
        let figures = PerformanceFigures(
            loadMilliseconds: 1, median: 12.34, p95: 3, imagesPerSecond: 4, peakMegabytes: 5, threads: 6, cpu: "a CPU")
        var asked: [Precision] = []
        let report = try BundleOptimizer(
            workshop.request(.fp16),
            benchmark: { _, precision in
                asked.append(precision)
                return figures
            }
        ).run()
        #expect(asked == [.fp32, .fp16])
        #expect(OptimizationTable(report).text.contains("12.34 ms"))
        #expect(OptimizationTable(report).text.contains("a CPU, threads: 6"))
    }
}
