import CutisCore
import CutisDatasets
import CutisImaging
import Foundation
import Testing

@Suite("Checking data sets")
struct CheckTests {
    private static func kinds(_ report: DatasetReport, _ severity: DatasetFinding.Severity) -> [DatasetFinding.Kind] {
        report.findings.filter { $0.severity == severity }.map(\.kind)
    }

    private static func check(_ samples: [DatasetSample], _ check: DatasetCheck = tableOnly) throws -> DatasetReport {
        try check.run(Synthetic.dataset(samples))
    }

    private static let tableOnly = DatasetCheck(readsImages: false)

    @Test("damaged, missing, equal, alike and contradicting images are told apart")
    func images() throws {
        let folder = try TemporaryFolder()
        let image = try Synthetic.png(seed: 1, width: 96, height: 80)
        try folder.write("a.png", image)
        // The same pixels in other bytes.
        try folder.write(
            "copy.png", try PNGEncoder.encode(try Synthetic.image(seed: 1, width: 96, height: 80), compression: 1))
        try folder.write(
            "small.png",
            try PNGEncoder.encode(
                Resampler.resize(
                    Synthetic.image(seed: 1, width: 96, height: 80), width: 60, height: 50, filter: .bilinear)))
        try folder.write("other.png", try Synthetic.png(seed: 2))
        try folder.write("cut.png", image.prefix(image.count / 2))
        try folder.write("text.jpg", "not an image")
        let url = try folder.write(
            "t.csv",
            "image,label\na.png,x\ncopy.png,y\nsmall.png,x\nother.png,x\ncut.png,x\ntext.jpg,y\ngone.png,y\nother.png,x\n"
        )
        let data = try DatasetReader.read(url, options: DatasetReadOptions(keepsRepeats: true))
        let report = try DatasetCheck(workers: 2).run(data)
        #expect(report.imageCount == 7 && report.readableCount == 4)
        #expect(Set(Self.kinds(report, .error)) == [.unreadable, .missing, .labelConflict])
        #expect(report.errors.filter { $0.kind == .unreadable }.map(\.samples) == [["cut.png"], ["text.jpg"]])
        #expect(report.errors.first { $0.kind == .labelConflict }?.samples == ["a.png", "copy.png"])
        #expect(report.warnings.first { $0.kind == .duplicate }?.samples == ["other.png", "other.png#2"])
        #expect(
            report.warnings.first { $0.kind == .nearDuplicate }?.samples == ["a.png", "copy.png", "small.png"])
    }

    @Test("a mirrored copy is found where orientations are asked for")
    func mirrored() throws {
        let folder = try TemporaryFolder()
        let image = try Synthetic.image(seed: 3, width: 64, height: 64)
        let rows = (0..<64).map { row in (0..<64).reversed().flatMap { Array(image.pixel(x: $0, y: row) ?? []) } }
        try folder.write("x/a.png", try PNGEncoder.encode(image))
        try folder.write(
            "x/b.png",
            try PNGEncoder.encode(PixelBuffer(width: 64, height: 64, channels: 3, pixels: Array(rows.joined()))))
        try folder.write("y/c.png", try Synthetic.png(seed: 4))
        let data = try DatasetReader.read(folder.url)
        #expect(try DatasetCheck().run(data).findings.isEmpty)
        let found = try DatasetCheck(matchesOrientations: true).run(data).findings
        #expect(found.map(\.kind) == [.nearDuplicate] && found.first?.samples == ["x/a.png", "x/b.png"])
    }

    @Test("a lesion or a patient in two splits is an error, and a warning where it is allowed")
    func leaks() throws {
        let samples = [
            Synthetic.sample("1", [0], split: .train, patient: "P", lesion: "L1"),
            Synthetic.sample("2", [0], split: .test, patient: "P", lesion: "L2"),
            Synthetic.sample("3", [1], split: .train, patient: "Q", lesion: "L3"),
            Synthetic.sample("4", [1], split: .test, patient: "R", lesion: "L3"),
        ]
        let report = try Self.check(samples)
        #expect(report.findings.map(\.kind) == [.patientLeak, .lesionLeak])
        #expect(report.findings.map(\.severity) == [.error, .error])
        #expect(report.patientCount == 3 && report.lesionCount == 3)
        let allowed = try Self.check(samples, DatasetCheck(allowsLeak: true, readsImages: false))
        #expect(allowed.findings.map(\.severity) == [.warning, .warning])
    }

    @Test("one lesion under two labels is a warning")
    func lesionConflict() throws {
        let report = try Self.check([
            Synthetic.sample("1", [0], lesion: "L"), Synthetic.sample("2", [1], lesion: "L"),
        ])
        #expect(report.findings.map(\.kind) == [.lesionConflict])
    }

    @Test("equal images in two splits leak")
    func duplicateLeak() throws {
        let folder = try TemporaryFolder()
        for path in ["train/x/1.png", "val/x/2.png"] { try folder.write(path, try Synthetic.png(seed: 7)) }
        for (seed, path) in [(8, "train/y/3.png"), (9, "val/y/4.png")] {
            try folder.write(path, try Synthetic.png(seed: seed))
        }
        let data = try DatasetReader.read(folder.url)
        #expect(try DatasetCheck().run(data).errors.map(\.kind) == [.duplicateLeak])
        #expect(try DatasetCheck(allowsLeak: true).run(data).errors.isEmpty)
    }

    @Test("labels outside of the set, classes without images, splits without positives")
    func labels() throws {
        let samples = [
            Synthetic.sample("1", [0], split: .train), Synthetic.sample("2", [1], split: .train),
            Synthetic.sample("3", [0], split: .validation), Synthetic.sample("4", [], split: nil),
        ]
        var check = Self.tableOnly
        check.labels = ["b", "c"]
        let report = try Self.check(samples, check)
        #expect(
            report.findings.map(\.kind)
                == [.unknownLabel, .emptyClass, .classMissingInSplit, .unlabelled, .unassigned])
        #expect(report.findings[0].samples == ["1", "3"])
        #expect(report.imbalance == 2)
        // With three classes only the named positive is an error.
        let three = Synthetic.dataset(samples + [Synthetic.sample("5", [2], split: .train)], labels: ["a", "b", "c"])
        #expect(try Self.tableOnly.run(three).errors.filter { $0.kind == .classMissingInSplit }.isEmpty)
        check = DatasetCheck(positive: "b", readsImages: false)
        #expect(try check.run(three).errors.filter { $0.kind == .classMissingInSplit }.count == 1)
        check.positive = "z"
        #expect(throws: CutisError.self) { try check.run(three) }
        #expect(throws: CutisError.self) { try DatasetCheck(nearDistance: 16).run(three) }
    }

    @Test("the JSON holds counts and findings")
    func json() throws {
        let report = try Self.check([Synthetic.sample("1", [0], split: .train)])
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(report.json.text().utf8)) as? [String: Any])
        #expect(object["samples"] as? Int == 1 && object["errors"] as? Int == report.errors.count)
        #expect((object["classes"] as? [[String: Any]])?.count == 2)
    }

    @Test("HAM10000 has neither damage nor copies", .enabled(if: sharedData != nil, "no shared data"))
    func sharedImages() throws {
        let data = try DatasetReader.read(try #require(sharedData).appendingPathComponent("ham10000"))
        let report = try DatasetCheck().run(
            Dataset(source: data.source, labels: data.labels, samples: Array(data.samples.prefix(400))))
        #expect(report.readableCount == 400)
        #expect(report.findings.allSatisfy { [.nearDuplicate, .emptyClass].contains($0.kind) })
    }
}
