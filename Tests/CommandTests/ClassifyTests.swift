import Foundation
import Testing

@Suite struct ClassifyTests {
    /// The golden image of the shipped model: synthetic, always there.
    static let image = CommandLineTool.root.appendingPathComponent("Models/cutis-dermoscopy/golden/synthetic-0.png")
        .path

    @Test func oneImageGivesTheDocumentedKeys() throws {
        let outcome = try CommandLineTool.run(["classify", Self.image])
        try #require(outcome.status == 0, "\(outcome.errors)")
        let object = try outcome.object()
        #expect(
            Set(object.keys) == [
                "image", "model", "version", "primary", "classes", "recommendation", "latency_ms",
            ])
        let classes = try #require(object["classes"] as? [[String: Any]])
        #expect(classes.count == 7)
        let probabilities = classes.compactMap { $0["probability"] as? Double }
        #expect(probabilities == probabilities.sorted(by: >))
        #expect(abs(probabilities.reduce(0, +) - 1) < 1e-6)
        for item in classes { #expect(Set(item.keys) == ["id", "label", "code", "probability"]) }
        #expect((object["primary"] as? [String: Any])?["id"] as? String == classes[0]["id"] as? String)
        #expect((object["recommendation"] as? String)?.isEmpty == false)
    }

    @Test func theShippedModelVerifies() throws {
        let model = CommandLineTool.root.appendingPathComponent("Models/cutis-dermoscopy").path
        let outcome = try CommandLineTool.run(["verify", model])
        #expect(outcome.status == 0, "\(outcome.errors)")
        #expect(outcome.output.contains("largest difference"))
    }

    @Test func topKShortensTheClasses() throws {
        let object = try CommandLineTool.run(["classify", Self.image, "--top-k", "2"]).object()
        #expect((object["classes"] as? [Any])?.count == 2)
    }

    @Test func severalImagesGiveAnArrayAndTheSameNumbers() throws {
        let single = try CommandLineTool.run(["classify", Self.image]).object()
        let outcome = try CommandLineTool.run(["classify", Self.image, Self.image])
        let array = try #require(try outcome.json() as? [[String: Any]])
        #expect(array.count == 2)
        let alone = try #require((single["primary"] as? [String: Any])?["probability"] as? Double)
        for item in array {
            let together = try #require((item["primary"] as? [String: Any])?["probability"] as? Double)
            #expect(abs(alone - together) < 1e-5)
        }
    }

    @Test func aFolderGivesOneJSONLineForEachImage() throws {
        try CommandLineTool.withFolder { folder in
            for name in ["b.png", "a.png"] {
                try FileManager.default.copyItem(atPath: Self.image, toPath: folder.appendingPathComponent(name).path)
            }
            try Data("not an image".utf8).write(to: folder.appendingPathComponent("notes.txt"))
            let outcome = try CommandLineTool.run(["classify", folder.path, "--format", "jsonl", "--quiet"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.errors.isEmpty)
            let lines = outcome.output.split(separator: "\n")
            #expect(lines.count == 2)
            #expect(lines.first?.contains("a.png") == true)
        }
    }

    @Test func csvHasAColumnForEachClass() throws {
        let outcome = try CommandLineTool.run(["classify", Self.image, "--format", "csv"])
        let lines = outcome.output.split(separator: "\n")
        #expect(lines.count == 2)
        #expect(lines.first?.contains("p_mel") == true)
        #expect(lines.allSatisfy { $0.split(separator: ",", omittingEmptySubsequences: false).count == 14 })
    }

    @Test func theAttentionOverlayIsAPNG() throws {
        try CommandLineTool.withFolder { folder in
            let maps = folder.appendingPathComponent("maps")
            let outcome = try CommandLineTool.run(["classify", Self.image, "--attention", maps.path])
            #expect(outcome.status == 0, "\(outcome.errors)")
            let data = try Data(contentsOf: maps.appendingPathComponent("synthetic-0.png.attention.png"))
            #expect(data.starts(with: [0x89, 0x50, 0x4E, 0x47]))
            #expect(data.count > 10_000)
        }
    }

    @Test(arguments: ["fp16", "bf16"])
    func halfPrecisionAgrees(_ precision: String) throws {
        let full = try CommandLineTool.run(["classify", Self.image]).object()
        let half = try CommandLineTool.run(["classify", Self.image, "--precision", precision]).object()
        let a = try #require(full["primary"] as? [String: Any])
        let b = try #require(half["primary"] as? [String: Any])
        #expect(a["id"] as? String == b["id"] as? String)
        #expect(abs((a["probability"] as? Double ?? 0) - (b["probability"] as? Double ?? 1)) < 0.05)
    }

    @Test func aDamagedImageAmongGoodOnesIsNamedAndTheOthersAnswered() throws {
        try CommandLineTool.withFolder { folder in
            try FileManager.default.copyItem(atPath: Self.image, toPath: folder.appendingPathComponent("good.png").path)
            let bytes = try Data(contentsOf: URL(fileURLWithPath: Self.image))
            try bytes.prefix(bytes.count / 2).write(to: folder.appendingPathComponent("half.png"))
            let outcome = try CommandLineTool.run(["classify", folder.path])
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("half.png"))
            let array = try #require(try outcome.json() as? [[String: Any]])
            #expect(array.count == 2)
            #expect((array.last?["error"] as? [String: Any])?["code"] as? String == "image-corrupt")
        }
    }
}
