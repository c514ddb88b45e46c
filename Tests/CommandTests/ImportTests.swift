import Foundation
import Testing

@Suite struct ImportTests {
    static let fixtures = CommandLineTool.root.appendingPathComponent("Tests/CutisModelsTests/Fixtures")

    /// Every folder that the reference libraries wrote.
    static let snapshots: [String] = {
        let folder = fixtures.appendingPathComponent("vision")
        let names = (try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? []
        return names.filter { !$0.hasSuffix(".json") }.sorted()
    }()

    @Test func thereAreSnapshotsOfEveryDialect() {
        for dialect in [
            "torchvision-vit", "hf-vit", "timm-vit", "tipsv2", "openclip", "hf-clip", "torchvision-resnet50",
        ] {
            #expect(Self.snapshots.contains(dialect))
        }
    }

    @Test(arguments: snapshots)
    func aSnapshotBecomesABundleThatVerifiesAndAnswers(_ name: String) throws {
        try CommandLineTool.withFolder { folder in
            let bundle = folder.appendingPathComponent("bundle").path
            let snapshot = Self.fixtures.appendingPathComponent("vision/\(name)")
            // torchvision publishes bare files; the others come as folders with their configuration.
            let bare = ["vit.pth", "resnet.pth"].map { snapshot.appendingPathComponent($0).path }
            let source = bare.first { FileManager.default.fileExists(atPath: $0) } ?? snapshot.path
            // The tiny model has 8 numbers a head, which no rule can tell from the tensors alone.
            let heads = name == "torchvision-vit" ? ["--heads", "4"] : []
            let imported = try CommandLineTool.run(["import", source, "--output", bundle] + heads)
            try #require(imported.status == 0, "\(imported.errors)")
            let verified = try CommandLineTool.run(["verify", bundle])
            #expect(verified.status == 0, "\(verified.errors)")
            #expect(verified.output.contains("largest difference"))
            let inspected = try CommandLineTool.run(["inspect", bundle, "--format", "json"]).object()
            #expect((inspected["parameters"] as? Int ?? 0) > 1000)

            let image = bundle + "/golden/synthetic-0.png"
            let features = folder.appendingPathComponent("features.csv").path
            let embedded = try CommandLineTool.run(["embed", image, "--model", bundle, "--output", features])
            #expect(embedded.status == 0, "\(embedded.errors)")
            if inspected["task"] as? String == "classification" {
                let answer = try CommandLineTool.run(["classify", image, "--model", bundle]).object()
                #expect(answer["primary"] != nil)
            }
        }
    }

    @Test func anExistingOutputIsNotOverwritten() throws {
        try CommandLineTool.withFolder { folder in
            try Data("mine".utf8).write(to: folder.appendingPathComponent("note.txt"))
            let source = Self.fixtures.appendingPathComponent("vision/hf-vit").path
            let outcome = try CommandLineTool.run(["import", source, "--output", folder.path])
            #expect(outcome.status == 1)
            #expect(outcome.errors.contains("already exists"))
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path) == ["note.txt"])
        }
    }

    @Test(arguments: [
        ("torchvision", "torchvision-resnet18/resnet.pth", 0), ("hf-vit", "hf-vit", 0), ("torchvision", "hf-vit", 3),
        ("timm-vit", "hf-vit", 3), ("mil", "hf-vit", 2), ("frobnicate", "hf-vit", 2),
    ])
    func aKindThatIsNamedMustFit(_ kind: String, _ source: String, _ status: Int32) throws {
        try CommandLineTool.withFolder { folder in
            let outcome = try CommandLineTool.run([
                "import", Self.fixtures.appendingPathComponent("vision/\(source)").path, "--kind", kind,
                "--output", folder.appendingPathComponent("bundle").path,
            ])
            #expect(outcome.status == status, "\(outcome.errors)")
            #expect(try FileManager.default.contentsOfDirectory(atPath: folder.path).count == (status == 0 ? 1 : 0))
        }
    }

    @Test func aMultiLabelConfigurationGivesEachClassItsOwnProbability() throws {
        try CommandLineTool.withFolder { folder in
            let source = folder.appendingPathComponent("source")
            try FileManager.default.copyItem(at: Self.fixtures.appendingPathComponent("vision/hf-vit"), to: source)
            let file = source.appendingPathComponent("config.json")
            var config = try #require(JSONSerialization.jsonObject(with: Data(contentsOf: file)) as? [String: Any])
            config["problem_type"] = "multi_label_classification"
            try JSONSerialization.data(withJSONObject: config).write(to: file)
            let bundle = folder.appendingPathComponent("bundle").path
            let imported = try CommandLineTool.run(["import", source.path, "--threshold", "0.4", "--output", bundle])
            try #require(imported.status == 0, "\(imported.errors)")
            let answer = try CommandLineTool.run(
                ["classify", bundle + "/golden/synthetic-0.png", "--model", bundle]
            ).object()
            let classes = try #require(answer["classes"] as? [[String: Any]])
            let sum = classes.compactMap { $0["probability"] as? Double }.reduce(0, +)
            #expect(abs(sum - 1) > 0.1)
        }
    }

    @Test func aThresholdForASoftMaxIsRefused() throws {
        try CommandLineTool.withFolder { folder in
            let outcome = try CommandLineTool.run([
                "import", Self.fixtures.appendingPathComponent("vision/hf-vit").path, "--threshold", "0.4",
                "--output", folder.appendingPathComponent("bundle").path,
            ])
            #expect(outcome.status == 2)
        }
    }

    @Test func aPulledRepositoryIsFoundInTheCache() throws {
        try CommandLineTool.withFolder { folder in
            let commit = String(repeating: "a1", count: 20)
            let repository = folder.appendingPathComponent("models--clinic--vit")
            let snapshots = repository.appendingPathComponent("snapshots")
            for part in ["refs", "snapshots"] {
                try FileManager.default.createDirectory(
                    at: repository.appendingPathComponent(part), withIntermediateDirectories: true)
            }
            try Data(commit.utf8).write(to: repository.appendingPathComponent("refs/main"))
            try FileManager.default.copyItem(
                at: Self.fixtures.appendingPathComponent("vision/hf-vit"), to: snapshots.appendingPathComponent(commit))
            let outcome = try CommandLineTool.run(
                ["import", "clinic/vit", "--output", folder.appendingPathComponent("bundle").path],
                environment: ["HF_HUB_CACHE": folder.path, "HF_HUB_OFFLINE": "1"])
            #expect(outcome.status == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("clinic-vit"))
        }
    }

    @Test func damagedCheckpointsAreRefusedWithPathAndReason() throws {
        try CommandLineTool.withFolder { folder in
            let whole = try Data(
                contentsOf: Self.fixtures.appendingPathComponent("vision/timm-resnet18/pytorch_model.bin"))
            for (index, length) in [0, 1, 8, 100, 5_000, whole.count / 2, whole.count - 30].enumerated() {
                let file = folder.appendingPathComponent("cut-\(index).bin")
                try whole.prefix(length).write(to: file)
                let outcome = try CommandLineTool.run(
                    ["import", file.path, "--output", folder.appendingPathComponent("bundle").path], limit: 5)
                #expect(outcome.status == 3, "\(length): \(outcome.errors)")
                #expect(outcome.errors.contains(file.path))
            }
            #expect(!FileManager.default.fileExists(atPath: folder.appendingPathComponent("bundle").path))
        }
    }

    @Test func labelsMustFitTheHead() throws {
        try CommandLineTool.withFolder { folder in
            let labels = folder.appendingPathComponent("labels.txt")
            try Data("a\nb\n".utf8).write(to: labels)
            let source = Self.fixtures.appendingPathComponent("vision/hf-vit").path
            let bundle = folder.appendingPathComponent("bundle").path
            let outcome = try CommandLineTool.run(["import", source, "--labels", labels.path, "--output", bundle])
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("2 labels"))
            #expect(!FileManager.default.fileExists(atPath: bundle))
        }
    }

    @Test func aRepositoryThatIsNotCachedSaysHowToPullIt() throws {
        try CommandLineTool.withFolder { folder in
            let outcome = try CommandLineTool.run(
                ["import", "someone/something", "--output", folder.appendingPathComponent("b").path],
                environment: ["HF_HUB_CACHE": folder.path, "HF_HUB_OFFLINE": "1"])
            #expect(outcome.status == 3)
            #expect(outcome.errors.contains("cutis pull someone/something"))
        }
    }

    @Test func aReadOnlyParentIsNamed() throws {
        let source = Self.fixtures.appendingPathComponent("vision/hf-vit").path
        let outcome = try CommandLineTool.run(["import", source, "--output", "/proc/cutis-bundle"])
        #expect(outcome.status == 1)
        #expect(outcome.errors.contains("/proc/cutis-bundle"))
    }
}
