import CutisCore
import CutisInference
import CutisModels
import CutisOptimization
import CutisTensor
import Foundation
import Testing

/// What is refused is refused before work is done, in words that help.
@Suite struct BadInputTests {
    private func error(_ workshop: Workshop, _ request: OptimizationRequest) throws -> CutisError {
        let before = try workshop.names()
        let optimizer = BundleOptimizer(request, benchmark: nil)
        let found = refusal { _ = try optimizer.run() }
        #expect(try workshop.names() == before)
        return try #require(found)
    }

    @Test func anEmptyCalibrationFolder() throws {
        let workshop = try Workshop()
        let request = try workshop.request(.fp16, calibration: workshop.pictures(0))
        #expect(try error(workshop, request).code == .folderWithoutImages)
    }

    @Test func tooFewReadableImages() throws {
        let workshop = try Workshop()
        let folder = try workshop.pictures(9)
        for name in ["1.png", "2.png"] {
            let url = folder.appendingPathComponent(name)
            try Data(contentsOf: url).prefix(200).write(to: url)
        }
        let found = try error(workshop, workshop.request(.fp16, calibration: folder))
        #expect(found.code == .dataInvalid)
        for text in ["7 readable images", "8 are needed", "2 images could not be read", "1.png", "2.png"] {
            #expect(found.message.contains(text), "\(found.message)")
        }
    }

    @Test func aBundleThatIsQuantised() throws {
        let workshop = try Workshop()
        var manifest = workshop.bundle.manifest
        manifest.quantisation = QuantisationPlan(inputs: ["blocks.0.mlp.fc1": Quantisation(scale: 1, zero: 0)])
        try JSONEncoder().encode(manifest).write(to: workshop.bundle.file(BundleLayout.manifest))
        var request = try workshop.request(.int8)
        request.bundle = try ModelBundle(workshop.bundle.url)
        let found = try error(workshop, request)
        #expect(found.code == .bundleInvalid)
        #expect(found.message.contains("already quantised"))
    }

    /// Memory ends while the given bundle is measured, or when the new one lies there already under a temporary name.
    @Test(arguments: [1, 2])
    func memoryThatEndsLeavesNothingBehind(_ call: Int) throws {
        let workshop = try Workshop()
        let request = try workshop.request(.int8)
        let before = try workshop.names()
        var calls = 0
        let optimizer = BundleOptimizer(request) { _, _ in
            calls += 1
            if calls == call {
                _ = try Tensor.zeros([1 << 50])
            }
            return PerformanceFigures(
                loadMilliseconds: 1, median: 1, p95: 1, imagesPerSecond: 1, peakMegabytes: 1, threads: 1, cpu: "test")
        }
        let found = try #require(refusal { _ = try optimizer.run() })
        #expect(found.code == .outOfMemory)
        #expect(found.message.contains("not enough memory"), "\(found.message)")
        #expect(calls == call)
        #expect(try workshop.names() == before)
    }

    @Test func anOutputThatExists() throws {
        let workshop = try Workshop()
        try workshop.pictures(1, in: "new")
        #expect(try error(workshop, workshop.request(.fp16)).code == .outputUnwritable)
    }

    @Test func fp32AndOtherImpossibleWishes() throws {
        let workshop = try Workshop()
        #expect(try error(workshop, workshop.request(.fp32)).code == .invalidArguments)
        var request = try workshop.request(.fp16)
        request.calibrationImages = 7
        #expect(try error(workshop, request).code == .invalidArguments)
    }

    @Test func aPrecisionThatTheCPUDoesNotHave() throws {
        func check(_ precision: Precision, fallsBack: Bool) throws -> Precision {
            try PrecisionChoice.check(precision, fallsBack: fallsBack, instructions: .avx2, hasInt8: false)
        }
        for (precision, name) in [(Precision.bf16, "AVX-512 BF16"), (.int8, "VNNI")] {
            let found = refusal { _ = try check(precision, fallsBack: false) }
            #expect(found?.code == .precisionUnavailable)
            #expect(found?.message.contains(name) == true)
            #expect(try check(precision, fallsBack: true) == .fp32)
        }
        #expect(try check(.fp16, fallsBack: false) == .fp16)
    }

    @Test func tablesThatCannotBeUsed() throws {
        let workshop = try Workshop()
        let ids = workshop.bundle.manifest.labels.labels.map(\.id)
        let good = (0..<8).map { "images/\($0).png,\(ids[$0 % 2])" }
        let cases: [(rows: [String], positive: String?, code: ErrorCode, text: String)] = [
            (good, nil, .invalidArguments, "--positive"),
            (good, "nobody", .invalidArguments, "nobody"),
            (good + ["images/0.png,unheard-of"], ids[0], .dataInvalid, "row 9"),
            (["images/0.png,\(ids[0])"], ids[0], .dataInvalid, "need both"),
            ([], ids[0], .dataInvalid, "no rows"),
            (good + ["images/absent.png,\(ids[0])"], ids[0], .fileNotFound, "absent.png"),
        ]
        for (rows, positive, code, text) in cases {
            var request = try workshop.request(.fp16)
            request.validation = try workshop.table(rows)
            request.positive = positive
            let found = try error(workshop, request)
            #expect(found.code == code, "\(found)")
            #expect("\(found)".contains(text), "\(found)")
        }
    }
}

/// The error for people that a call throws.
func refusal(_ body: () throws -> Void) -> CutisError? {
    do {
        try body()
        return nil
    } catch {
        return error as? CutisError
    }
}
