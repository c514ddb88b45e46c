import Foundation
import Testing

/// Batch jobs in parts, and their joining.
@Suite struct MergeTests {
    /// A folder with five images, one of them broken.
    private static func withImages<R>(_ body: (_ images: String, _ folder: URL) throws -> R) throws -> R {
        try CommandLineTool.withFolder { folder in
            let images = folder.appendingPathComponent("images")
            try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
            for name in ["e.png", "a.png", "d.png", "b.png"] {
                try FileManager.default.copyItem(
                    atPath: ClassifyTests.image, toPath: images.appendingPathComponent(name).path)
            }
            let whole = try Data(contentsOf: URL(fileURLWithPath: ClassifyTests.image))
            try whole.prefix(200).write(to: images.appendingPathComponent("c.png"))
            return try body(images.path, folder)
        }
    }

    /// Makes all parts; the paths of their outputs.
    private static func parts(
        _ command: [String], count: Int, _ folder: URL, _ ending: String, name: String = "part"
    ) throws -> [String] {
        try (0..<count).map { index in
            let output = folder.appendingPathComponent("\(name)-\(index).\(ending)").path
            let outcome = try CommandLineTool.run(command + ["--shard", "\(index)/\(count)", "--output", output])
            // The part with the broken image says so.
            #expect([0, 3].contains(outcome.status), "\(outcome.errors)")
            return output
        }
    }

    private static func text(_ path: String) throws -> String {
        // The time of each answer differs.
        try String(contentsOfFile: path, encoding: .utf8)
            .replacing(#/"latency_ms": *[0-9.]+/#, with: "")
    }

    @Test(arguments: [("csv", 2), ("jsonl", 5), ("json", 3)])
    func classificationsAreThoseOfOneRun(format: String, count: Int) throws {
        try Self.withImages { images, folder in
            // One image at a time: batches of other sizes round the last digits otherwise.
            let command = ["classify", images, "--quiet", "--format", format, "--batch", "1"]
            let whole = folder.appendingPathComponent("whole").path
            #expect(try CommandLineTool.run(command + ["--output", whole]).status == 3)
            let parts = try Self.parts(command, count: count, folder, format)
            let joined = folder.appendingPathComponent("joined").path
            let outcome = try CommandLineTool.run(["merge"] + parts.reversed() + ["--output", joined])
            try #require(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.contains("1 images were refused"))
            #expect(try Self.text(joined) == Self.text(whole))
        }
    }

    @Test(arguments: [("csv", 5), ("safetensors", 2)])
    func embeddingsAreThoseOfOneRun(ending: String, count: Int) throws {
        try Self.withImages { images, folder in
            let model = CommandLineTool.root.appendingPathComponent("Models/cutis-dermoscopy").path
            let command = ["embed", images, "--quiet", "--model", model, "--batch", "1"]
            let whole = folder.appendingPathComponent("whole.\(ending)").path
            #expect(try CommandLineTool.run(command + ["--output", whole]).status == 3)
            // Of five parts one holds nothing but the refused image.
            let parts = try Self.parts(command, count: count, folder, ending)
            let joined = folder.appendingPathComponent("joined.\(ending)").path
            let outcome = try CommandLineTool.run(["merge"] + parts + ["--output", joined])
            try #require(outcome.status == 0, "\(outcome.errors)")
            #expect(FileManager.default.contentsEqual(atPath: joined, andPath: whole))
        }
    }

    @Test func wrongPartsAreRefused() throws {
        try Self.withImages { images, folder in
            let command = ["classify", images, "--quiet", "--format", "csv"]
            let parts = try Self.parts(command, count: 2, folder, "csv")
            let others = try Self.parts(command + ["--top-k", "1"], count: 2, folder, "csv", name: "other")
            let joined = folder.appendingPathComponent("joined.csv").path
            func refusal(_ list: [String]) throws -> String {
                let outcome = try CommandLineTool.run(["merge"] + list + ["--output", joined])
                #expect(outcome.status == 3)
                #expect(!FileManager.default.fileExists(atPath: joined))
                return outcome.errors
            }
            #expect(try refusal([parts[0]]).contains("1 of 2 parts are missing: 1/2"))
            #expect(try refusal([parts[0], parts[1], parts[0]]).contains("Part 0/2 is there twice"))
            #expect(try refusal([parts[0], others[1]]).contains("an option differs"))
            // Another list of images.
            try FileManager.default.removeItem(atPath: images + "/e.png")
            let fewer = try Self.parts(command, count: 2, folder, "csv", name: "fewer")
            #expect(try refusal([parts[0], fewer[1]]).contains("the list of images differs"))
            // An output that was cut short, a record that is none, and no record.
            let content = try Data(contentsOf: URL(fileURLWithPath: parts[1]))
            try content.dropLast(3).write(to: URL(fileURLWithPath: parts[1]))
            #expect(try refusal(parts).contains("is not what its record describes"))
            try Data("{\"format\":1}".utf8).write(to: URL(fileURLWithPath: parts[1] + ".shard.json"))
            #expect(try refusal(parts).contains("is no record of a part"))
            try FileManager.default.removeItem(atPath: parts[1] + ".shard.json")
            #expect(try refusal(parts).contains("has no record"))
        }
    }

    @Test func wrongCallsAreRefused() throws {
        let image = ClassifyTests.image
        for shard in ["1/1", "-1/2", "2", "a/b", "1/0", "0/100001", "1/2/3", "+1/2", "99999999999999999999/2"] {
            #expect(try CommandLineTool.run(["classify", image, "--shard", shard, "--output", "x.csv"]).status == 2)
        }
        #expect(try CommandLineTool.run(["classify", image, "--shard", "0/1"]).status == 2)
        let table = ["classify", image, "--shard", "0/1", "--format", "table", "--output", "x"]
        #expect(try CommandLineTool.run(table).status == 2)
        let many = try CommandLineTool.run(["classify", image, "--shard", "0/2", "--output", "x"])
        #expect(many.status == 2)
        #expect(many.errors.contains("2 parts for 1 images"))
        #expect(try CommandLineTool.run(["merge", "--output", "x"]).status == 2)
    }
}
