import CutisCore
import CutisDatasets
import CutisImaging
import Foundation
import Synchronization
import Testing

/// Data sets of pictures that are made on the fly; a file's name says what it holds.
private enum Made {
    static let labels = LabelSet([
        DiagnosisLabel(id: "mel", label: "Melanoma"), DiagnosisLabel(id: "nv", label: "Melanocytic nevus"),
        DiagnosisLabel(id: "df", label: "Dermatofibroma"),
    ])

    static func sample(
        _ name: String, _ labels: [Int], images: Int = 1, split: SplitName? = nil, facts: SampleFacts = SampleFacts()
    ) -> DatasetSample {
        let locations = (0..<images).map { ImageLocation.file(URL(fileURLWithPath: "/made/\(name)-\($0)")) }
        return DatasetSample(id: name, images: locations, labels: labels, split: split, facts: facts)
    }

    static func dataset(_ samples: [DatasetSample]) -> Dataset {
        Dataset(source: URL(fileURLWithPath: "/made/collection"), labels: labels, samples: samples)
    }

    @Sendable static func pixels(_ location: ImageLocation) throws(CutisError) -> PixelBuffer {
        guard case .file(let url) = location else { throw failure("?") }
        let name = url.lastPathComponent
        if name.hasPrefix("broken") { throw failure(url.path) }
        if name.hasPrefix("gray") { return try PixelBuffer(width: 20, height: 10, channels: 3, repeating: 64) }
        if name.hasPrefix("dot") { return try PixelBuffer(width: 1, height: 1, channels: 3, repeating: 200) }
        return try pattern(seed: name.utf8.reduce(0) { $0 &* 31 &+ Int($1) } & 255)
    }

    static func failure(_ path: String) -> CutisError {
        CutisError(.imageCorrupt, "\(path) is a damaged JPEG.", remedy: "Export it again.")
    }

    static func pattern(seed: Int, width: Int = 37, height: Int = 23) throws(CutisError) -> PixelBuffer {
        var pixels: [UInt8] = []
        for y in 0..<height {
            for x in 0..<width {
                for c in 0..<3 {
                    pixels.append(UInt8((x * x * 7 + y * 13 * (c + 1) + x * y * 5 + c * 29 + seed) & 255))
                }
            }
        }
        return try PixelBuffer(width: width, height: height, channels: 3, pixels: pixels)
    }

    static func explore(
        _ samples: [DatasetSample], options: ExplorationOptions = ExplorationOptions(workers: 2)
    ) throws(CutisError) -> DatasetExploration {
        try DatasetExplorer(dataset(samples), options: options, read: pixels).explore()
    }
}

@Suite struct ImageFigureTests {
    /// Reference: NumPy 2, grey levels as cv2.COLOR_RGB2GRAY, np.pad(mode="reflect"), Laplacian 0 1 0 / 1 -4 1 / 0 1 0.
    @Test func brightnessAndSharpnessEqualTheReference() throws {
        let one = DatasetExplorer(Made.dataset([Made.sample("x", [0])])) { (_) throws(CutisError) in
            try Made.pattern(seed: 0)
        }
        let found = try one.explore()
        #expect(abs(found.brightness.mean - 128.11280846063454) < 1e-4)
        #expect(abs(found.sharpness.mean / 54540.373125693004 - 1) < 1e-6)
        let channels = found.classes[0].channels
        try #require(channels.count == 3 && channels[0].count == 32)
        for (found, expected) in [
            (channels[0][0], 0.03877791), (channels[0][2], 0.03525264), (channels[1][0], 0.02585194),
            (channels[2][3], 0.04230317),
        ] {
            #expect(abs(found - expected) < 1e-6)
        }
        for channel in channels { #expect(abs(channel.reduce(0, +) - 1) < 1e-5) }
    }

    @Test func aBlurredPictureIsLessSharp() throws {
        let sharp = try Made.pattern(seed: 3, width: 64, height: 64)
        let small = try Resampler.resize(sharp, width: 16, height: 16, filter: .bilinear)
        let blurred = try Resampler.resize(small, width: 64, height: 64, filter: .bilinear)
        let samples = [Made.sample("sharp", [0]), Made.sample("blurred", [1])]
        let found = try DatasetExplorer(Made.dataset(samples)) { (location) throws(CutisError) in
            location == samples[0].images[0] ? sharp : blurred
        }.explore()
        #expect(found.classes[1].sharpness.mean < found.classes[0].sharpness.mean / 20)
    }

    @Test(arguments: [(1, 1), (1, 5), (5, 1), (2, 2)]) func thinImagesHaveFigures(width: Int, height: Int) throws {
        let found = try DatasetExplorer(Made.dataset([Made.sample("x", [0])])) { (_) throws(CutisError) in
            try PixelBuffer(width: width, height: height, channels: 3, repeating: 7)
        }.explore()
        #expect(found.sharpness.mean == 0)
        #expect(found.brightness.mean == 7)
    }

    @Test func quantilesAndBinsAreNumPys() {
        let values = ValueSummary([4, 1, 3, 2])
        #expect(values.quantile(0.25) == 1.75)
        #expect(values.quantile(0.5) == 2.5)
        #expect(values.quantile(1) == 4)
        #expect(values.counts(edges: [1, 2, 3, 4]) == [1, 1, 2])
        #expect(ValueSummary([]).mean.isNaN)
    }
}

@Suite struct ExplorationTests {
    @Test func classesImbalanceAndCasesAreCounted() throws {
        var samples = (0..<6).map { Made.sample("a\($0)", [0]) }
        samples += [Made.sample("b", [1], images: 3), Made.sample("c", [0, 1]), Made.sample("d", [])]
        let found = try Made.explore(samples)
        #expect(found.sampleCount == 9)
        #expect(found.imageCount == 11)
        #expect(found.classes.map(\.sampleCount) == [7, 2, 0, 1])
        #expect(found.classes.map(\.imageCount) == [7, 4, 0, 1])
        #expect(found.classes.last?.id == nil)
        #expect(found.imbalanceRatio == 3.5)
        #expect(found.page.contains("No samples at all: Dermatofibroma"))
    }

    @Test func picturesAreChosenBySeedAndAtLeastThreeOfEachClass() throws {
        let samples = (0..<40).map { Made.sample("s\($0)", [$0 % 2]) }
        func pictures(_ seed: UInt64, workers: Int) throws -> [[SamplePicture]] {
            try Made.explore(samples, options: ExplorationOptions(samplesPerClass: 4, seed: seed, workers: workers))
                .classes.map(\.pictures)
        }
        let first = try pictures(1, workers: 1)
        #expect(first.map(\.count) == [4, 4, 0])
        let again = try pictures(1, workers: 4)
        #expect(first == again)
        let other = try pictures(2, workers: 1)
        #expect(first != other)
        #expect(ExplorationOptions(samplesPerClass: 1).samplesPerClass == 3)
    }

    @Test func theResultDoesNotDependOnTheWorkers() throws {
        let samples = (0..<60).map { Made.sample("s\($0)", [$0 % 3], split: $0 < 40 ? .train : .test) }
        let one = try Made.explore(samples, options: ExplorationOptions(seed: 5, workers: 1))
        let four = try Made.explore(samples, options: ExplorationOptions(seed: 5, workers: 4))
        #expect(one == four)
        #expect(one.page == four.page)
        #expect(one.json.text() == four.json.text())
    }

    @Test func noMoreImagesThanWorkersAreInMemory() throws {
        let state = Mutex((now: 0, most: 0))
        let samples = (0..<50).map { Made.sample("s\($0)", [0]) }
        let explorer = DatasetExplorer(Made.dataset(samples), options: ExplorationOptions(workers: 2)) {
            (location) throws(CutisError) in
            state.withLock {
                $0.now += 1
                $0.most = max($0.most, $0.now)
            }
            defer { state.withLock { $0.now -= 1 } }
            usleep(500)
            return try Made.pixels(location)
        }
        let done = Atomic<Int>(0)
        _ = try explorer.explore { done.add($0, ordering: .relaxed) }
        #expect(done.load(ordering: .relaxed) == 50)
        #expect(state.withLock { $0.most } <= 2)
    }

    @Test func unreadableImagesAreCountedAndListedWithoutTheirNames() throws {
        let samples = [Made.sample("fine", [0]), Made.sample("broken-patient-417", [0]), Made.sample("more", [1])]
        let found = try Made.explore(samples)
        #expect(found.readableCount == 2)
        #expect(found.unreadable.map(\.sampleNumber) == [2])
        #expect(found.unreadable.map(\.code) == [.imageCorrupt])
        #expect(found.classes[0].readableCount == 1)
        #expect(found.unreadable.first?.message == "Its file is a damaged JPEG.")
        #expect(!found.page.contains("patient-417"))
        #expect(found.json.text().contains("broken-patient-417"))
    }

    @Test func aMissingFileIsCalledByItsPlaceInTheDataSet() throws {
        let found = try DatasetExplorer(Made.dataset([Made.sample("patient-417", [0])])) {
            (location) throws(CutisError) in
            guard case .file(let url) = location else { throw Made.failure("?") }
            return try ImageDecoder.decode(url)
        }.explore()
        #expect(found.unreadable.map(\.code) == [.fileNotFound])
        #expect(!found.page.contains("patient-417"))
    }

    @Test func dataWithoutLabelsIsExploredToo() throws {
        let samples = [Made.sample("a", []), Made.sample("b", [])]
        let dataset = Dataset(source: URL(fileURLWithPath: "/made/pairs.csv"), labels: LabelSet([]), samples: samples)
        let found = try DatasetExplorer(dataset, read: Made.pixels).explore()
        #expect(found.classes.map(\.label) == ["without a label"])
        #expect(found.classes[0].pictures.count == 2)
        #expect(found.imbalanceRatio == nil)
    }

    @Test func nothingReadableIsStillAPage() throws {
        let found = try Made.explore([Made.sample("broken1", [0]), Made.sample("broken2", [1])])
        #expect(found.readableCount == 0)
        #expect(found.page.contains("No image can be read."))
        #expect(found.json.text().contains("\"intensity\": null"))
    }

    @Test func aDataSetWithoutImagesIsRefused() {
        for samples in [[], [Made.sample("x", [0], images: 0)]] {
            let error = #expect(throws: CutisError.self) { try Made.explore(samples) }
            #expect(error?.code == .dataInvalid)
        }
    }

    @Test func oneClassWithOneImageHasNoImbalance() throws {
        let found = try Made.explore([Made.sample("dot", [0])])
        #expect(found.imbalanceRatio == nil)
        #expect(found.page.contains("one or two): Melanoma."))
        #expect(found.classes[0].pictures.map(\.width) == [1])
    }

    @Test func imagesWithoutColourAreCounted() throws {
        let found = try Made.explore([Made.sample("gray1", [0]), Made.sample("gray2", [0]), Made.sample("x", [1])])
        #expect(found.grayCount == 2)
        #expect(found.sizes.counts.map(\.count) == [2, 1])
        #expect(found.sizes.counts.first?.size == PixelSize(width: 20, height: 10))
        #expect(found.page.contains("have no colour"))
    }

    @Test func manyClassesStayAPageOfModestSize() throws {
        let labels = LabelSet((0..<150).map { DiagnosisLabel(id: "c\($0)", label: "Class <\($0)>") })
        let samples = (0..<900).map { Made.sample("s\($0)", [$0 % 150]) }
        let dataset = Dataset(source: URL(fileURLWithPath: "/made"), labels: labels, samples: samples)
        let found = try DatasetExplorer(dataset, read: Made.pixels).explore()
        #expect(found.classes.allSatisfy { $0.pictures.count == 3 })
        #expect(found.page.utf8.count < 3_000_000)
        #expect(!found.page.contains("<0>"))
    }
}

@Suite struct ExplorationMetadataTests {
    private static let samples = [
        Made.sample(
            "1", [0], split: .train,
            facts: SampleFacts(
                patientID: "PAT-417", lesionID: "LES-9", age: 19.5, sex: "Female", site: "back", fitzpatrick: 2,
                other: ["camera": "A"])),
        Made.sample("2", [1], split: .train, facts: SampleFacts(patientID: "PAT-417", age: 20, sex: "unknown")),
        Made.sample("3", [1], split: .test, facts: SampleFacts(age: 104, sex: "male", fitzpatrick: 9)),
        Made.sample("4", [1]),
    ]

    @Test func missingValuesAreCountedByColumn() throws {
        let columns = try Made.explore(Self.samples).metadata.columns
        let missing = Dictionary(uniqueKeysWithValues: columns.map { ($0.name, $0.missing) })
        #expect(
            missing == [
                "label": 0, "patient_id": 2, "lesion_id": 3, "age": 1, "sex": 2, "site": 3, "fitzpatrick": 2,
                "camera": 3,
            ])
        #expect(columns.last?.missingShare == 0.75)
    }

    @Test func subgroupsHaveARowForUnknown() throws {
        let metadata = try Made.explore(Self.samples).metadata
        #expect(metadata.subgroups.map(\.name) == ["Age", "Sex", "Site", "Fitzpatrick skin type"])
        #expect(metadata.subgroups.allSatisfy { $0.rows.last?.value == "unknown" })
        let age = metadata.subgroups[0].rows
        #expect(age.map(\.count) == [1, 1, 0, 0, 1, 1])
        #expect(age[1].classCounts == [0, 1, 0])
        #expect(metadata.subgroups[1].rows.map(\.value) == ["female", "male", "unknown"])
        #expect(metadata.subgroups[1].rows.map(\.count) == [1, 1, 2])
        #expect(metadata.subgroups[3].rows.map(\.count) == [0, 1, 0, 0, 0, 0, 3])
    }

    @Test func partsOfTheDataAreCountedByClass() throws {
        let splits = try #require(try Made.explore(Self.samples).metadata.splits)
        #expect(splits.rows.map(\.value) == ["train", "validation", "test", "unknown"])
        #expect(splits.rows.map(\.classCounts) == [[1, 1, 0], [0, 0, 0], [0, 1, 0], [0, 1, 0]])
        #expect(try Made.explore([Made.sample("x", [0])]).metadata.splits == nil)
    }

    @Test func patientsAreCountedAndNeverNamed() throws {
        let found = try Made.explore(Self.samples)
        #expect(found.metadata.patientCount == 1)
        #expect(found.metadata.lesionCount == 1)
        for text in [found.page, found.json.text()] {
            #expect(!text.contains("PAT-417"))
            #expect(!text.contains("LES-9"))
            #expect(!text.contains("/made/"))
        }
    }

    @Test func withoutMetadataThePageSaysSo() throws {
        let found = try Made.explore([Made.sample("x", [0])])
        #expect(found.page.contains("Nothing is known about age, sex, site or skin type"))
    }

    @Test func rareSitesShareARow() throws {
        let samples = (0..<40).map { Made.sample("s\($0)", [0], facts: SampleFacts(site: "site \($0)")) }
        let rows = try Made.explore(samples).metadata.subgroups[2].rows
        #expect(rows.count == 32)
        #expect(rows[30].value == "10 other values")
        #expect(rows[30].count == 10)
    }

    @Test func pageAndFileAreWrittenTogetherOrNotAtAll() throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("eda-\(UUID().uuidString)")
        defer { try? FileManager.default.removeItem(at: folder) }
        let found = try Made.explore(Self.samples)
        try found.write(to: folder)
        let names = try FileManager.default.contentsOfDirectory(atPath: folder.path).sorted()
        #expect(names == ["eda.html", "eda.json"])
        let data = try Data(contentsOf: folder.appendingPathComponent("eda.json"))
        let json = try #require(try JSONSerialization.jsonObject(with: data) as? [String: Any])
        #expect(json["samples"] as? Int == 4)
        #expect(json["imbalance_ratio"] as? Double == 3)
        let error = #expect(throws: CutisError.self) { try found.write(to: folder) }
        #expect(error?.code == .outputUnwritable)
    }

    @Test func thePageFetchesAndRunsNothing() throws {
        let page = try Made.explore(Self.samples).page
        #expect(!page.contains("<script"))
        // The name of SVG's elements is no address that anything is fetched from.
        #expect(!page.replacingOccurrences(of: "http://www.w3.org/2000/svg", with: "").contains("http://"))
        #expect(!page.contains("https://"))
        #expect(
            page.components(separatedBy: "src=\"").dropFirst().allSatisfy { $0.hasPrefix("data:image/jpeg;base64,") })
    }
}
