import Foundation
import Testing

/// `cutis evaluate`, whole and in parts.
@Suite struct EvaluateTests {
    /// A folder of classes with six readable pictures, and a broken one where `isBroken`.
    private static func withImages(isBroken: Bool = false, _ body: (_ images: String, _ folder: URL) throws -> Void)
        throws
    {
        try CommandLineTool.withFolder { folder in
            let images = folder.appendingPathComponent("images")
            for (label, names) in [("mel", ["a", "b"]), ("nv", ["c", "d", "e"]), ("bkl", ["f"])] {
                let own = images.appendingPathComponent(label)
                try FileManager.default.createDirectory(at: own, withIntermediateDirectories: true)
                for name in names {
                    try FileManager.default.copyItem(
                        atPath: ClassifyTests.image, toPath: own.appendingPathComponent("\(name).png").path)
                }
            }
            if isBroken {
                let whole = try Data(contentsOf: URL(fileURLWithPath: ClassifyTests.image))
                try whole.prefix(200).write(to: images.appendingPathComponent("nv/broken.png"))
            }
            try body(images.path, folder)
        }
    }

    private static func metrics(_ folder: URL) throws -> [String: Any] {
        let data = try Data(contentsOf: folder.appendingPathComponent("metrics.json"))
        return try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
    }

    private static func value(_ figures: [String: Any], _ name: String) -> Double? {
        (figures[name] as? [String: Any])?["value"] as? Double
    }

    @Test func figuresAreThoseOfTheAnswersOfClassify() throws {
        try Self.withImages { images, folder in
            let output = folder.appendingPathComponent("evaluation")
            let outcome = try CommandLineTool.run(["evaluate", images, "--quiet", "--output", output.path])
            try #require(outcome.status == 0, "\(outcome.errors)")
            // All pictures are the same, so all answers are: the accuracy is the share of that class.
            let answer = try CommandLineTool.run(["classify", ClassifyTests.image, "--quiet"]).object()
            let classes = try #require(answer["classes"] as? [[String: Any]])
            let primary = try #require(classes.first?["id"] as? String)
            let shares: [String: Double] = ["mel": 2, "nv": 3, "bkl": 1]
            let figures = try #require(try Self.metrics(output)["figures"] as? [String: Any])
            #expect(Self.value(figures, "accuracy") == (shares[primary] ?? 0) / 6)
            let watched = try #require(figures["watched"] as? [String: Any])
            #expect(Self.value(watched, "auroc") == 0.5)
            let table = try String(contentsOf: output.appendingPathComponent("predictions.csv"), encoding: .utf8)
            let lines = table.split(separator: "\n")
            #expect(lines.count == 7)
            let column = try #require(lines[0].split(separator: ",").firstIndex { $0 == primary })
            let field = lines[1].split(separator: ",", omittingEmptySubsequences: false)[column]
            let found = try #require(Double(field))
            let expected = try #require(classes[0]["probability"] as? Double)
            #expect(abs(found - expected) < 1e-5)
        }
    }

    @Test func partsGiveTheFiguresOfOneRun() throws {
        try Self.withImages(isBroken: true) { images, folder in
            func path(_ name: String) -> String { folder.appendingPathComponent(name).path }
            // One image at a time: batches of other sizes round the last digits otherwise.
            let command = ["evaluate", images, "--quiet", "--batch", "1"]
            let whole = try CommandLineTool.run(command + ["--output", path("whole")])
            #expect(whole.status == 3)
            #expect(whole.errors.contains("broken.png") && whole.errors.contains("1 of 7 images were refused"))
            let parts = (0..<3).map { path("part-\($0).csv") }
            for (index, part) in parts.enumerated() {
                let outcome = try CommandLineTool.run(command + ["--shard", "\(index)/3", "--output", part])
                #expect([0, 3].contains(outcome.status), "\(outcome.errors)")
            }
            let joined = path("joined.csv")
            try #require(CommandLineTool.run(["merge"] + parts.reversed() + ["--output", joined]).status == 0)
            #expect(FileManager.default.contentsEqual(atPath: joined, andPath: path("whole/predictions.csv")))
            let judged = try CommandLineTool.run(command + ["--predictions", joined, "--output", path("joined")])
            try #require(judged.status == 0, "\(judged.errors)")
            #expect(
                FileManager.default.contentsEqual(
                    atPath: path("joined/metrics.json"), andPath: path("whole/metrics.json")))
            #expect(judged.errors.contains("warning: 1 of 7 images have no prediction"))
            // A part is not joined with one of `cutis classify`.
            let other = path("other.csv")
            let classify = ["classify", images, "--quiet", "--format", "csv", "--shard", "0/3", "--output", other]
            try CommandLineTool.run(classify)
            let mixed = try CommandLineTool.run(
                ["merge", other] + parts.dropFirst() + ["--output", path("mixed.csv")])
            #expect(mixed.status == 3 && mixed.errors.contains("the command"), "\(mixed.errors)")
        }
    }

    @Test func wrongInputIsRefusedAndNothingIsWritten() throws {
        try Self.withImages { images, folder in
            let output = folder.appendingPathComponent("evaluation").path
            func check(_ arguments: [String], _ status: Int32, _ words: String) throws {
                let outcome = try CommandLineTool.run(["evaluate"] + arguments + ["--quiet", "--output", output])
                #expect(outcome.status == status && outcome.errors.contains(words), "\(arguments): \(outcome.errors)")
                #expect(!FileManager.default.fileExists(atPath: output))
            }
            try check([images, "--split", "test"], 3, "no image in the part 'test'")
            try check([images, "--positive", "melanoma"], 2, "has no class 'melanoma'")
            try check([images, "--positive", "nv"], 2, "no threshold for 'nv'")
            try check([images, "--threshold", "2"], 2, "--threshold must be between 0 and 1")
            try check([images, "--shard", "0/2", "--predictions", "x.csv"], 2, "--predictions has them already")
            try check([images, "--shard", "0/9"], 2, "9 parts for 6 images")
            try check([images + "-none"], 3, "no data set")
            let table = folder.appendingPathComponent("labels.csv")
            try Data("image,label\nimages/mel/a.png,wart\n".utf8).write(to: table)
            try check([table.path], 3, "wart")
            // Predictions of other images, of other classes, and no predictions.
            let predictions = folder.appendingPathComponent("predictions.csv")
            let header = "image,split,label,akiec,bcc,bkl,df,mel,nv,vasc\n"
            for (text, words) in [
                (header + "mel/z.png,,mel,0,0,0,0,1,0,0\n", "is not in"),
                (header + "mel/a.png,,nv,0,0,0,0,1,0,0\n", "has another class"),
                (header + "mel/a.png,,mel,0,0,0,0,2,0,0\n", "no prediction"), (header, "no prediction"),
                (header + String(repeating: "mel/a.png,,mel,0,0,0,0,1,0,0\n", count: 2), "second prediction of mel/a"),
                ("image,label\nmel/a.png,mel\n", "no table of predictions"),
            ] {
                try Data(text.utf8).write(to: predictions)
                try check([images, "--predictions", predictions.path], 3, words)
            }
            let taken = try CommandLineTool.run(["evaluate", images, "--quiet", "--output", folder.path])
            #expect(taken.status == 1 && taken.errors.contains("already exists"))
        }
    }

    /// The card's figures can be had by anyone who has the images.
    @Test(.enabled(if: CommandLineTool.sharedData != nil, "needs the shared data set"))
    func theShippedModelHasTheFiguresOfItsCard() throws {
        let images = try #require(CommandLineTool.sharedData).appendingPathComponent("ham10000").path
        try CommandLineTool.withFolder { folder in
            let (split, output) = (
                folder.appendingPathComponent("split.csv").path, folder.appendingPathComponent("test")
            )
            try #require(
                CommandLineTool.run(["data", "split", images, "--seed", "20", "--output", split]).status == 0)
            let outcome = try CommandLineTool.run([
                "evaluate", split, "--images", images, "--split", "test", "--quiet", "--output", output.path,
            ])
            try #require(outcome.status == 0, "\(outcome.errors)")
            let figures = try #require(try Self.metrics(output)["figures"] as? [String: Any])
            let card = try String(
                contentsOf: CommandLineTool.root.appendingPathComponent("Models/cutis-dermoscopy/MODEL_CARD.md"),
                encoding: .utf8)
            let area = try #require(Self.value(figures, "macroAUROC"))
            #expect(card.contains("| AUROC, mean of one-against-the-rest | \(String(format: "%.3f", area)) ("))
        }
    }
}
