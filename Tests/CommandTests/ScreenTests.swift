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

    @Test("--timing adds the parts of the time, in milliseconds")
    func timing() throws {
        try withBundle(head: "binary.pt") { bundle in
            let item = try #require(try cases().last)
            let outcome = try CommandLineTool.run(["screen", "--model", bundle, "--timing"] + item.paths)
            let times = try #require(try outcome.object()["timing_ms"] as? [String: Any])
            for name in ["load", "decode", "preprocess", "encode", "head", "total"] {
                #expect(try #require(times[name] as? Double) > 0, "\(name)")
            }
            let images = try #require(times["images"] as? [[String: Any]])
            #expect(images.compactMap { $0["image"] as? String } == item.paths)
            #expect(images.allSatisfy { $0["reduction"] as? Int == 1 })
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

    @Test func timingNamesTheParts() throws {
        try withBundle(head: "binary.pt") { bundle in
            let item = try #require(try cases().last)
            let outcome = try CommandLineTool.run(["screen", "--model", bundle, "--timing"] + item.paths)
            try #require(outcome.status == 0, "\(outcome.errors)")
            let timing = try #require(try outcome.object()["timing_ms"] as? [String: Any])
            let names = ["load", "decode", "preprocess", "encode", "head", "total"]
            #expect(Set(timing.keys) == Set(names + ["images"]))
            let parts = try names.map { try #require(timing[$0] as? Double) }
            #expect(parts.allSatisfy { $0 > 0 })
            // The network and its head run one after the other within the total, and that within the process.
            #expect(parts[3] + parts[4] < parts[5] && parts[5] < outcome.seconds * 1000)
            let images = try #require(timing["images"] as? [[String: Any]])
            #expect(images.map { $0["image"] as? String } == item.paths)
            #expect(images.allSatisfy { $0["reduction"] as? Int == 1 })
            for (index, name) in [(1, "decode"), (2, "preprocess")] {
                let sum = try images.reduce(0.0) { try $0 + #require($1[name] as? Double) }
                #expect(abs(sum - parts[index]) < 0.05, "\(name): \(sum) and \(parts[index])")
            }
            let table = try CommandLineTool.run(
                ["screen", "--model", bundle, "--timing", "--format", "table"] + item.paths)
            for name in names { #expect(table.output.contains("\n  \(name) "), "\(table.output)") }
        }
    }

    @Test func whatIsWrongWithAPhotoIsSaidFirst() throws {
        try withBundle(head: "binary.pt") { bundle in
            try CommandLineTool.withFolder { folder in
                let good = Self.folder.appendingPathComponent("photo-0.png")
                let damaged = folder.appendingPathComponent("cut.png")
                try Data(contentsOf: good).dropLast(200).write(to: damaged)
                let missing = folder.appendingPathComponent("gone.png").path
                // The model is damaged too: its error must not hide that of the photo.
                let weights = URL(fileURLWithPath: bundle).appendingPathComponent("weights.safetensors")
                var bytes = try Data(contentsOf: weights)
                bytes[bytes.count - 1] ^= 1
                try bytes.write(to: weights)
                for (photo, word) in [(damaged.path, "truncated"), (missing, "does not exist")] {
                    let outcome = try CommandLineTool.run(["screen", "--model", bundle, good.path, photo])
                    #expect(outcome.status == 3 && outcome.output.isEmpty)
                    #expect(outcome.errors.contains(photo) && outcome.errors.contains(word), "\(outcome.errors)")
                }
                let outcome = try CommandLineTool.run(["screen", "--model", bundle, good.path])
                #expect(outcome.status == 3)
                #expect(outcome.errors.contains("weights.safetensors"), "\(outcome.errors)")
            }
        }
    }

    @Test(.enabled(if: CommandLineTool.sharedData != nil, "the shared data set folder is absent"))
    func aRecipeMayAskForReducedDecoding() throws {
        let photo = try #require(CommandLineTool.sharedData).appendingPathComponent("faces/bald_guys.jpg").path
        try withBundle(head: "binary.pt") { bundle in
            let exact = try CommandLineTool.run(["screen", "--model", bundle, "--timing", photo]).object()
            let manifest = URL(fileURLWithPath: bundle).appendingPathComponent("bundle.json")
            let text = try String(contentsOf: manifest, encoding: .utf8)
            let reducing = text.replacingOccurrences(
                of: "\"minimum_side\" : 16", with: "\"decoding\" : \"reduced\", \"minimum_side\" : 16")
            try #require(reducing != text)
            try Data(reducing.utf8).write(to: manifest)
            let reduced = try CommandLineTool.run(["screen", "--model", bundle, "--timing", photo]).object()
            func reduction(_ answer: [String: Any]) -> Int? {
                let timing = answer["timing_ms"] as? [String: Any]
                return (timing?["images"] as? [[String: Any]])?.first?["reduction"] as? Int
            }
            #expect(reduction(exact) == 1)
            #expect(reduction(reduced) == 8)
            let first = try #require(exact["p_infectious"] as? Double)
            let second = try #require(reduced["p_infectious"] as? Double)
            #expect(first != second && abs(first - second) < 0.01, "\(first) and \(second)")
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
