import CutisCore
import CutisDatasets
import CutisImaging
import CutisStatistics
import CutisTraining
import Foundation
import Synchronization
import Testing

@Suite("Loading and augmenting ahead of the step")
struct LoaderTests {
    @Test(arguments: [1, 2, 5]) func itemsComeInOrderWhateverTheWorkers(_ workers: Int) throws {
        let items = Prefetcher(count: 40, workers: workers, ahead: 7) { position in
            if position % 3 == 0 { Thread.sleep(forTimeInterval: 0.002) }
            return position * position
        }
        var seen: [Int] = []
        while let item = try items.next() { seen.append(item) }
        #expect(seen == (0..<40).map { $0 * $0 })
    }

    @Test func neverMoreThanTheLimitIsAhead() throws {
        let started = Atomic<Int>(0)
        let items = Prefetcher(count: 100, workers: 3, ahead: 4) { position in
            started.add(1, ordering: .relaxed)
            return position
        }
        for taken in 0..<100 {
            Thread.sleep(forTimeInterval: 0.001)
            #expect(started.load(ordering: .relaxed) <= taken + 4)
            #expect(try items.next() == taken)
        }
        #expect(try items.next() == nil)
    }

    struct Failure: Error {}

    @Test func anErrorComesAtItsPlace() throws {
        let items = Prefetcher(count: 5, workers: 2, ahead: 3) { position in
            if position == 2 { throw Failure() }
            return position
        }
        #expect(try items.next() == 0)
        #expect(try items.next() == 1)
        #expect(throws: Failure.self) { try items.next() }
        #expect(try items.next() == 3)
        items.cancel()
    }

    static let normalisation = {
        do {
            return try ChannelNormalisation(mean: [0.5, 0.5, 0.5], deviation: [0.2, 0.2, 0.2])
        } catch {
            fatalError("\(error)")
        }
    }()

    static let augmentation = AugmentationConfiguration(
        crop: RandomResizedCrop(minimumScale: 0.3), horizontalFlip: 0.5, quarterTurns: true,
        jitter: ColorJitter(brightness: 0.25, contrast: 0.25, saturation: 0.25),
        erasing: RandomErasing(probability: 0.3, fill: .noise))

    static func loader(
        _ folder: URL, workers: Int, seed: UInt64 = 4, strategy: SamplingStrategy = .shuffled, batchSize: Int = 8,
        rank: Int = 0, worldSize: Int = 1, failureLimit: Int = 0, budget: Int = 1 << 20
    ) throws -> BatchLoader {
        let images = try SyntheticLesions.read(folder)
        let labels = images.labels
        return BatchLoader(
            cache: ImageCache(images.locations, budget: budget), labels: labels,
            sampler: try Sampler(
                rows: Array(labels.indices), labels: labels, strategy: strategy, batchSize: batchSize, seed: seed,
                rank: rank, worldSize: worldSize),
            preparation: .training(augmentation, normalisation), workers: workers, failureLimit: failureLimit)
    }

    static func url(_ location: ImageLocation) throws -> URL {
        guard case .file(let url) = location else { throw CutisError(.dataInvalid, "no file", remedy: "") }
        return url
    }

    static func batches(_ stream: BatchStream) throws -> [TrainingBatch] {
        var result: [TrainingBatch] = []
        while let batch = try stream.next() { result.append(batch) }
        return result
    }

    static func epoch(_ loader: BatchLoader, _ number: Int, from position: Int = 0) throws -> [TrainingBatch] {
        try batches(loader.epoch(number, from: position, side: 32, mixing: BatchMixing(probability: 0.7)))
    }

    static func expectEqual(_ first: TrainingBatch, _ second: TrainingBatch) {
        let isEqual =
            first.number == second.number && first.pixels == second.pixels && first.rows == second.rows
            && first.labels == second.labels && first.partners == second.partners && first.share == second.share
        #expect(isEqual, "batch \(first.number)")
    }

    @Test func batchesDependOnTheSeedAndTheEpochAlone() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 6, side: 40)
        let one = try Self.epoch(Self.loader(folder.url, workers: 1), 3)
        let four = try Self.epoch(Self.loader(folder.url, workers: 4, budget: 10_000), 3)
        #expect(one.count == 5 && four.count == 5)
        for (first, second) in zip(one, four) { Self.expectEqual(first, second) }
        #expect(Set(one.map(\.share)).count > 2, "some batches are mixed")
        for batch in one where batch.share < 1 {
            #expect(batch.partners == [batch.labels[7]] + batch.labels.dropLast())
        }
        let later = try Self.epoch(Self.loader(folder.url, workers: 2), 4)
        #expect(later[0].rows != one[0].rows)
        let other = try Self.epoch(Self.loader(folder.url, workers: 2, seed: 5), 3)
        #expect(other[0].rows != one[0].rows)
        #expect(Set(one.flatMap(\.rows)).count == 40, "no image twice in an epoch")
    }

    @Test(arguments: [SamplingStrategy.shuffled, .weighted]) func resumingInMidEpochIsExact(
        _ strategy: SamplingStrategy
    ) throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 6, side: 30)
        let whole = try Self.epoch(Self.loader(folder.url, workers: 2, strategy: strategy), 2)
        let stream = try Self.loader(folder.url, workers: 2, strategy: strategy)
            .epoch(2, side: 32, mixing: BatchMixing(probability: 0.7))
        for _ in 0..<2 { _ = try stream.next() }
        let state = stream.state
        stream.cancel()
        #expect(state == SamplerState(seed: 4, epoch: 2, position: 2))
        let rest = try Self.epoch(
            Self.loader(folder.url, workers: 1, seed: state.seed, strategy: strategy), state.epoch,
            from: state.position)
        #expect(rest.count == 3)
        for (first, second) in zip(whole.dropFirst(2), rest) { Self.expectEqual(first, second) }
    }

    @Test func anImageThatComesTwiceIsChangedTwice() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 3, side: 30)
        let loader = try Self.loader(folder.url, workers: 1, strategy: .weighted, batchSize: 20)
        let batch = try #require(try Self.batches(loader.epoch(0, side: 16)).first)
        let size = 16 * 16 * 3
        var seen: [Int: [Float]] = [:]
        var repeats = 0
        for (index, row) in batch.rows.enumerated() {
            let pixels = Array(batch.pixels[(index * size)..<((index + 1) * size)])
            if let earlier = seen.updateValue(pixels, forKey: row) {
                repeats += 1
                #expect(earlier != pixels)
            }
        }
        #expect(repeats > 2)
    }

    @Test func twoRanksTogetherHaveTheBatchesOfOneProcess() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 6, side: 30)
        // One image fails, on whichever rank has it.
        try Data("no image".utf8).write(to: folder.url.appendingPathComponent("images/SYN_2_1.jpg"))
        let one = try Self.epoch(Self.loader(folder.url, workers: 2, batchSize: 8, failureLimit: 1), 1)
        let ranks = try (0..<2).map {
            try Self.epoch(
                Self.loader(folder.url, workers: 1, batchSize: 4, rank: $0, worldSize: 2, failureLimit: 1), 1)
        }
        #expect(one.count == 5 && ranks.allSatisfy { $0.count == 5 })
        #expect(one.contains { $0.share < 1 } && one.flatMap(\.failures).count == 1)
        for (number, batch) in one.enumerated() {
            let parts = ranks.map { $0[number] }
            #expect(parts.flatMap(\.rows) == batch.rows && parts.flatMap(\.labels) == batch.labels)
            #expect(parts.flatMap(\.partners) == batch.partners)
            #expect(parts.allSatisfy { $0.share == batch.share && $0.globalCount == 8 })
            let pixels = parts.flatMap(\.pixels)
            #expect(pixels == batch.pixels, "batch \(number)")
        }
    }

    @Test func aFileThatIsNoImageStopsTheEpochWithItsName() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 3, side: 24)
        try Data("no image".utf8).write(to: folder.url.appendingPathComponent("images/SYN_2_1.jpg"))
        let error = #expect(throws: CutisError.self) { try Self.epoch(Self.loader(folder.url, workers: 2), 0) }
        #expect(error?.message.contains("SYN_2_1.jpg") == true)
    }

    @Test func failuresAreNamedReplacedAndCountedUpToTheLimit() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 6, side: 24)
        let images = folder.url.appendingPathComponent("images")
        for name in ["SYN_2_1", "SYN_5_0"] {
            try Data("no image".utf8).write(to: images.appendingPathComponent("\(name).jpg"))
        }
        try FileManager.default.removeItem(at: images.appendingPathComponent("SYN_0_3.jpg"))
        try PNGEncoder.encode(PixelBuffer(width: 24, height: 24, channels: 3, repeating: 8))
            .write(to: images.appendingPathComponent("SYN_0_3.jpg"))
        let loader = try Self.loader(folder.url, workers: 3, batchSize: 6, failureLimit: 2)
        var results: [[TrainingBatch]] = []
        for workers in [1, 4] {
            results.append(
                try Self.epoch(Self.loader(folder.url, workers: workers, batchSize: 6, failureLimit: 2), 0))
        }
        for (first, second) in zip(results[0], results[1]) { Self.expectEqual(first, second) }
        for epoch in 0..<3 {
            let batches = try Self.epoch(loader, epoch)
            #expect(batches.count == 7)
            #expect(batches.allSatisfy { $0.rows.count == 6 && !$0.rows.contains(13) && !$0.rows.contains(30) })
        }
        #expect(loader.failures.all.map(\.row) == [13, 30], "each once, whatever the epochs")
        #expect(loader.failures.all.first?.name.hasSuffix("SYN_2_1.jpg") == true)
        let strict = try Self.loader(folder.url, workers: 3, batchSize: 6, failureLimit: 1)
        let error = #expect(throws: CutisError.self) { try Self.epoch(strict, 0) }
        #expect(error?.code == .dataInvalid && error?.message.contains("2 images") == true)
        #expect(error?.message.contains("SYN_2_1.jpg") == true && error?.message.contains("SYN_5_0.jpg") == true)
    }

    @Test func theCacheKeepsToItsBudget() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 2, side: 20)
        let locations = try SyntheticLesions.read(folder.url).locations
        let cache = ImageCache(locations, budget: 5 * 1200 + 600)
        let images = try locations.indices.map { try cache.image($0) }
        #expect(cache.keptBytes == 5 * 1200)
        try FileManager.default.removeItem(at: Self.url(locations[0]))
        try FileManager.default.removeItem(at: Self.url(locations[13]))
        #expect(try cache.image(0) == images[0], "kept")
        #expect(throws: CutisError.self) { try cache.image(13) }
        let none = ImageCache(locations, budget: 0)
        _ = try none.image(1)
        #expect(none.keptBytes == 0)
    }

    @Test func evaluationBatchesAreThoseOfTheRecipe() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 3, side: 33)
        let images = try SyntheticLesions.read(folder.url)
        let recipe = PreprocessingRecipe(
            resize: .shortestSide(24), centerCrop: CropSize(20), mean: [0.5, 0.4, 0.3], std: [0.2, 0.2, 0.3])
        let loader = BatchLoader(
            cache: ImageCache(images.locations), labels: images.labels,
            sampler: try Sampler(
                rows: Array(0..<21), strategy: .sequential, batchSize: 8, seed: 0, keepsLast: true),
            preparation: .evaluation(recipe), workers: 2)
        let batches = try Self.batches(loader.epoch(0, side: 20))
        #expect(batches.map(\.rows.count) == [8, 8, 5] && batches.flatMap(\.rows) == Array(0..<21))
        let expected = try recipe.apply(to: ImageDecoder.decode(Self.url(images.locations[9]))).values
        for position in 0..<400 {
            for channel in 0..<3 {
                #expect(batches[1].pixels[1200 + position * 3 + channel] == expected[channel * 400 + position])
            }
        }
    }

    @Test func casesGiveARowForEachImage() throws {
        let file = { (name: String) in ImageLocation.file(URL(fileURLWithPath: "/\(name).jpg")) }
        let labels = LabelSet([DiagnosisLabel(id: "a", label: "A"), DiagnosisLabel(id: "b", label: "B")])
        let samples = [
            DatasetSample(id: "x", images: [file("1"), file("2")], labels: [1]),
            DatasetSample(id: "y", images: [file("3")], labels: [0]),
            DatasetSample(id: "z", images: [file("4")], labels: []),
        ]
        let dataset = Dataset(source: URL(fileURLWithPath: "/"), labels: labels, samples: samples)
        let images = try LabelledImages(dataset, samples: [0, 1])
        #expect(images.locations == [file("1"), file("2"), file("3")])
        #expect(images.labels == [1, 1, 0] && images.samples == [0, 0, 1])
        let error = #expect(throws: CutisError.self) { try LabelledImages(dataset, samples: [2]) }
        #expect(error?.message.contains("'z'") == true)
    }

    @Test func arraysOfImagesAreReadAsRGB() throws {
        let archive = Bundle.module.bundleURL.appendingPathComponent("Fixtures/images.npz")
        let cache = ImageCache([
            .array(archive: archive, name: "train_images", index: 2),
            .array(archive: archive, name: "test_images", index: 1),
            .array(archive: archive, name: "train_images", index: 3),
            .array(archive: archive, name: "train_labels", index: 0),
            .array(archive: archive, name: "val_images", index: 0),
        ])
        let colour = try cache.image(0)
        #expect(colour.width == 5 && colour.height == 4 && colour.channels == 3)
        #expect(colour.pixels == (120..<180).map { UInt8($0 % 251) })
        #expect(try cache.image(1).pixels == (20..<40).flatMap { [UInt8($0), UInt8($0), UInt8($0)] })
        #expect(cache.name(1).contains("test_images[1]") && cache.keptBytes == 0)
        for row in 2..<5 {
            let error = #expect(throws: CutisError.self) { try cache.image(row) }
            #expect(error?.message.contains("images.npz") == true)
        }
    }
}
