import Foundation
import Testing

@Suite struct DataCommandTests {
    /// 60 rows, two classes, lesions of three images; the files hold no images.
    private static func write(to folder: URL, label: (Int) -> String = { $0 % 2 == 0 ? "x" : "y" }) throws {
        let images = folder.appendingPathComponent("data/images")
        try FileManager.default.createDirectory(at: images, withIntermediateDirectories: true)
        let rows = (0..<60).map { "i\($0).jpg,\(label($0 / 3)),L\($0 / 3)\n" }
        try Data(("image,label,lesion_id\n" + rows.joined()).utf8)
            .write(to: folder.appendingPathComponent("data/labels.csv"))
        for index in 0..<60 { try Data("\(index)".utf8).write(to: images.appendingPathComponent("i\(index).jpg")) }
    }

    @Test(arguments: ["check", "split", "manifest", "diff"])
    func everyCommandHasHelpWithExamples(_ command: String) throws {
        let outcome = try CommandLineTool.run(["data", command, "--help"])
        #expect(outcome.status == 0)
        #expect(outcome.output.contains("EXAMPLES") && outcome.output.contains("cutis data \(command)"))
    }

    @Test(arguments: [
        ["check"], ["check", "x", "--near", "16"], ["split", "x"], ["split", "x", "--output", "y", "--folds", "1"],
        ["split", "x", "--output", "y", "--fractions", "0.5,0.6"], ["check", "x", "--kind", "what"], ["diff", "x"],
    ])
    func aWrongCallExitsWith2(_ arguments: [String]) throws {
        let outcome = try CommandLineTool.run(["data"] + arguments)
        #expect(outcome.status == 2, "\(arguments): \(outcome.errors)")
        #expect(outcome.output.isEmpty)
    }

    @Test func damagedImagesExitWith3AndAreListed() throws {
        try CommandLineTool.withFolder { folder in
            try Self.write(to: folder)
            let data = folder.appendingPathComponent("data").path
            let report = folder.appendingPathComponent("report.json")
            let outcome = try CommandLineTool.run(["data", "check", data, "--format", "json", "--output", report.path])
            #expect(outcome.status == 3)
            #expect(try outcome.object()["errors"] as? Int == 60)
            #expect(try outcome.object()["readable"] as? Int == 0)
            #expect(try Data(contentsOf: report) == Data(outcome.output.utf8))
            #expect(try CommandLineTool.run(["data", "check", data, "--no-images"]).status == 0)
        }
    }

    @Test func aSplitIsRepeatableAndPassesTheCheck() throws {
        try CommandLineTool.withFolder { folder in
            try Self.write(to: folder)
            let data = folder.appendingPathComponent("data").path
            let tables = ["a.csv", "b.csv"].map { folder.appendingPathComponent($0).path }
            for table in tables {
                #expect(try CommandLineTool.run(["data", "split", data, "--seed", "4", "--output", table]).status == 0)
            }
            #expect(FileManager.default.contentsEqual(atPath: tables[0], andPath: tables[1]))
            let check = try CommandLineTool.run(["data", "check", tables[0], "--no-images"])
            #expect(check.status == 0, "\(check.output)")
            // The first image of a lesion of three is put into another part.
            let text = try String(contentsOfFile: tables[0], encoding: .utf8)
            let first = try #require(text.split(separator: "\n").dropFirst().first)
            let other = first.contains(",train,") ? (",train,", ",val,") : (",val,", ",train,")
            let moved =
                first.contains(",test,")
                ? first.replacingOccurrences(of: ",test,", with: ",val,")
                : first.replacingOccurrences(of: other.0, with: other.1)
            try Data(text.replacingOccurrences(of: first, with: moved).utf8).write(to: URL(fileURLWithPath: tables[1]))
            let leak = try CommandLineTool.run(["data", "check", tables[1], "--no-images"])
            #expect(leak.status == 3 && leak.output.contains("lesion-leak") && leak.errors.contains("--allow-leak"))
            #expect(try CommandLineTool.run(["data", "check", tables[1], "--no-images", "--allow-leak"]).status == 0)
        }
    }

    @Test func versionsAreComparedAndADVCFileNoticesAChange() throws {
        try CommandLineTool.withFolder { folder in
            try Self.write(to: folder)
            let data = folder.appendingPathComponent("data").path
            let old = folder.appendingPathComponent("v1.json").path
            let make = ["data", "manifest", data, "--output", old, "--dvc"]
            #expect(try CommandLineTool.run(make + ["check"]).status == 3)
            #expect(try CommandLineTool.run(make + ["write"]).status == 0)
            #expect(try CommandLineTool.run(make + ["check"]).status == 0)
            #expect(try CommandLineTool.run(["data", "diff", old, data]).output == "no difference\n")
            try Self.write(to: folder) { $0 == 0 ? "y" : $0 % 2 == 0 ? "x" : "y" }
            let diff = try CommandLineTool.run(["data", "diff", old, data, "--format", "json"])
            #expect((try diff.object()["relabelled"] as? [Any])?.count == 3)
            #expect(try CommandLineTool.run(make + ["check"]).status == 3)
        }
    }

    @Test func aFullDiskLeavesNothingBehind() throws {
        try CommandLineTool.withFolder { folder in
            try Self.write(to: folder)
            let data = folder.appendingPathComponent("data").path
            let before = try FileManager.default.contentsOfDirectory(atPath: folder.path)
            let path = folder.appendingPathComponent("v1.json").path
            let outcome = try CommandLineTool.run(["data", "manifest", data, "--output", path], largestFile: 1)
            #expect(outcome.status == 1 && outcome.errors.contains("No space left"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == before)
        }
    }
}
