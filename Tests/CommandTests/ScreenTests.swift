import Foundation
import Testing

/// `cutis screen` against the original libraries: Pillow, transformers' TIPSv2, a PyTorch and a Keras head.
@Suite struct ScreenTests {
    private static let folder = CommandLineTool.root.appendingPathComponent("Tests/CommandTests/Fixtures/screening")

    private struct Case: Decodable {
        let images: [String]
        let binary: [Double]
        let attention: [Double]
        let three: [Double]
        var paths: [String] { images.map { ScreenTests.folder.appendingPathComponent($0).path } }
    }

    private func cases() throws -> [Case] {
        try JSONDecoder().decode(
            [Case].self, from: Data(contentsOf: Self.folder.appendingPathComponent("expected.json")))
    }

    private func withBundle(head: String, _ arguments: [String] = [], _ body: (String) throws -> Void) throws {
        try CommandLineTool.withFolder { folder in
            let bundle = folder.appendingPathComponent("bundle").path
            let encoder = ImportTests.fixtures.appendingPathComponent("vision/tipsv2").path
            let imported = try CommandLineTool.run(
                ["import", encoder, "--head", Self.folder.appendingPathComponent(head).path, "--output", bundle]
                    + arguments)
            try #require(imported.status == 0, "\(imported.errors)")
            let verified = try CommandLineTool.run(["verify", bundle])
            #expect(verified.status == 0, "\(verified.errors)")
            try body(bundle)
        }
    }

    @Test func theBinaryScreenAnswersAsTheOriginals() throws {
        try withBundle(head: "binary.pt", ["--threshold", "0.35"]) { bundle in
            for item in try cases() {
                let outcome = try CommandLineTool.run(["screen", "--model", bundle] + item.paths)
                try #require(outcome.status == 0, "\(outcome.errors)")
                let answer = try outcome.object()
                let probability = try #require(answer["p_infectious"] as? Double)
                #expect(abs(probability - item.binary[0]) < 1e-4)
                let attention = try #require(answer["attention"] as? [Double])
                #expect(attention.count == item.images.count)
                for (ours, theirs) in zip(attention, item.attention) { #expect(abs(ours - theirs) < 1e-4) }
                #expect(answer["threshold"] as? Double == 0.35)
                #expect(answer["image_count"] as? Int == item.images.count)
                #expect(answer["prediction"] as? String == (probability >= 0.35 ? "Infectious" : "Non Infectious"))
            }
        }
    }

    @Test func theKeysAreTheDocumentedOnesInTheirOrder() throws {
        try withBundle(head: "binary.pt") { bundle in
            let item = try #require(try cases().first)
            let outcome = try CommandLineTool.run(["screen", "--model", bundle] + item.paths)
            let keys = outcome.output.split(separator: "\n").compactMap { line -> String? in
                guard line.hasPrefix("  \"") else { return nil }
                return line.split(separator: "\"").dropFirst().first.map(String.init)
            }
            #expect(
                keys == [
                    "prediction", "p_infectious", "threshold", "image_count", "rule", "attention", "model", "version",
                ])
            #expect(try outcome.object()["threshold"] as? Double == 0.35)
        }
    }

    @Test func aThresholdOfTheCallWins() throws {
        try withBundle(head: "binary.pt") { bundle in
            let item = try #require(try cases().first)
            let outcome = try CommandLineTool.run(["screen", "--model", bundle, "--threshold", "0.99"] + item.paths)
            #expect(try outcome.object()["prediction"] as? String == "Non Infectious")
        }
    }

    @Test func aKerasHeadOfSeveralClassesPrintsEachWithItsOwnThreshold() throws {
        try withBundle(head: "three/head.keras") { bundle in
            for item in try cases() {
                let answer = try CommandLineTool.run(["screen", "--model", bundle] + item.paths).object()
                let classes = try #require(answer["classes"] as? [[String: Any]])
                #expect(classes.compactMap { $0["threshold"] as? Double } == [0.2, 0.6, 0.4747])
                for (ours, theirs) in zip(classes, item.three) {
                    let probability = try #require(ours["probability"] as? Double)
                    #expect(abs(probability - theirs) < 1e-4)
                    #expect(ours["positive"] as? Bool == (probability >= (ours["threshold"] as? Double ?? 2)))
                }
            }
        }
    }

    @Test func labelsNameTheClassesOfAHead() throws {
        try CommandLineTool.withFolder { folder in
            let labels = folder.appendingPathComponent("labels.json")
            try Data(#"["Eczema", "Tinea", "Herpes Zoster"]"#.utf8).write(to: labels)
            try withBundle(head: "three/head.keras", ["--labels", labels.path, "--threshold", "0.5"]) { bundle in
                let item = try #require(try cases().first)
                let outcome = try CommandLineTool.run(["screen", "--model", bundle, "--format", "table"] + item.paths)
                #expect(outcome.output.contains("Herpes Zoster"))
                #expect(outcome.output.contains("1 of 3 images"))
            }
        }
    }

    @Test func aHeadForAnotherWidthIsRefused() throws {
        try CommandLineTool.withFolder { folder in
            let outcome = try CommandLineTool.run([
                "import", ImportTests.fixtures.appendingPathComponent("vision/tipsv2").path,
                "--head", ImportTests.fixtures.appendingPathComponent("mil/payload.pt").path,
                "--output", folder.appendingPathComponent("b").path,
            ])
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("takes 12 numbers an image and the network gives 32"))
        }
    }

    @Test func aHeadThatHoldsCodeIsRefused() throws {
        try CommandLineTool.withFolder { folder in
            let outcome = try CommandLineTool.run([
                "import", ImportTests.fixtures.appendingPathComponent("vision/tipsv2").path,
                "--head", ImportTests.fixtures.appendingPathComponent("keras/with_lambda.keras").path,
                "--output", folder.appendingPathComponent("b").path,
            ])
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("Lambda"))
        }
    }
}
