import CutisCore
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

    static func loader(_ folder: URL, workers: Int, seed: UInt64 = 4) throws -> BatchLoader {
        let dataset = try LesionDataset(ham10000: folder)
        return BatchLoader(
            cache: ImageCache(dataset.images.map(\.url)), labels: dataset.images.map(\.label),
            rows: Array(dataset.images.indices), batchSize: 8, augmentation: LesionAugmentation(),
            normalisation: try Normalisation(mean: [0.5, 0.5, 0.5], deviation: [0.2, 0.2, 0.2]),
            seed: seed, workers: workers)
    }

    static func epoch(_ loader: BatchLoader, _ number: Int) throws -> [TrainingBatch] {
        let batches = loader.epoch(number, side: 32, mixing: BatchMixing())
        var result: [TrainingBatch] = []
        while let batch = try batches.next() { result.append(batch) }
        return result
    }

    @Test func batchesDependOnTheSeedAndTheEpochAlone() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 6, side: 40)
        let one = try Self.epoch(Self.loader(folder.url, workers: 1), 3)
        let four = try Self.epoch(Self.loader(folder.url, workers: 4), 3)
        #expect(one.count == 5 && four.count == 5)
        for (first, second) in zip(one, four) {
            #expect(first.pixels == second.pixels && first.rows == second.rows && first.labels == second.labels)
            #expect(first.share == second.share && first.partners == first.labels.reversed())
        }
        let later = try Self.epoch(Self.loader(folder.url, workers: 2), 4)
        #expect(later[0].rows != one[0].rows)
        let other = try Self.epoch(Self.loader(folder.url, workers: 2, seed: 5), 3)
        #expect(other[0].rows != one[0].rows)
        #expect(Set(one.flatMap(\.rows)).count == 40, "no image twice in an epoch")
    }

    @Test func aFileThatIsNoImageStopsTheEpochWithItsName() throws {
        let folder = try TemporaryFolder()
        try SyntheticLesions.write(to: folder.url, perClass: 3, side: 24)
        try Data("no image".utf8).write(to: folder.url.appendingPathComponent("images/SYN_2_1.jpg"))
        let error = #expect(throws: CutisError.self) { try Self.epoch(Self.loader(folder.url, workers: 2), 0) }
        #expect(error?.message.contains("SYN_2_1.jpg") == true)
    }

    @Test func cropsKeepTheirRanges() {
        let augmentation = LesionAugmentation(area: 0.2...0.6)
        var generator = SeededGenerator(seed: 8)
        var areas: [Double] = []
        for _ in 0..<4000 {
            let crop = augmentation.crop(width: 90, height: 70, &generator)
            #expect(crop.left >= 0 && crop.top >= 0 && crop.left + crop.width <= 90 && crop.top + crop.height <= 70)
            areas.append(Double(crop.width * crop.height) / 6300)
            let aspect = Double(crop.width) / Double(crop.height)
            #expect(aspect > 0.70 && aspect < 1.43)
        }
        let mean = areas.reduce(0, +) / 4000
        #expect(abs(mean - 0.4) < 0.01, "uniform in 0.2…0.6, got a mean of \(mean)")
    }

    @Test func withoutChangesAnImageIsOnlyResizedAndNormalised() throws {
        let augmentation = LesionAugmentation(
            area: 1...1, aspect: 1...1, brightness: 0, contrast: 0, saturation: 0, symmetries: false)
        let pixels = (0..<(20 * 20 * 3)).map { UInt8($0 * 7 % 256) }
        let image = try PixelBuffer(width: 20, height: 20, channels: 3, pixels: pixels)
        let normalisation = try Normalisation(mean: [0.1, 0.2, 0.3], deviation: [0.5, 0.6, 0.7])
        var generator = SeededGenerator(seed: 1)
        let written = try augmentation.values(image, side: 10, normalisation, &generator)
        let recipe = PreprocessingRecipe(
            resize: .exact(width: 10, height: 10), mean: [0.1, 0.2, 0.3], std: [0.5, 0.6, 0.7], minimumSide: 1)
        let expected = try recipe.apply(to: image).values
        for pixel in 0..<100 {
            for channel in 0..<3 {
                #expect(abs(written[pixel * 3 + channel] - expected[channel * 100 + pixel]) < 1e-5)
            }
        }
    }

    @Test func symmetriesMoveEveryPixelOnce() throws {
        let pixels = (0..<(8 * 8)).flatMap { [UInt8($0), UInt8($0), UInt8($0)] }
        let image = try PixelBuffer(width: 8, height: 8, channels: 3, pixels: pixels)
        let augmentation = LesionAugmentation(
            area: 1...1, aspect: 1...1, brightness: 0, contrast: 0, saturation: 0)
        let normalisation = try Normalisation(mean: [0, 0, 0], deviation: [1, 1, 1])
        var seen: Set<[Int]> = []
        for seed in 0..<64 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let values = try augmentation.values(image, side: 8, normalisation, &generator)
            let order = stride(from: 0, to: values.count, by: 3).map { Int((values[$0] * 255).rounded()) }
            #expect(order.sorted() == Array(0..<64))
            seen.insert(order)
        }
        #expect(seen.count == 8)
    }

    @Test func mixingKeepsTheShareOfEachImage() {
        var shares: [Double] = []
        for seed in 0..<300 {
            var generator = SeededGenerator(seed: UInt64(seed))
            let side = 8
            var pixels = [Float](repeating: 0, count: 2 * side * side * 3)
            for index in 0..<(side * side * 3) { pixels[index] = 1 }
            let share = BatchMixing(probability: 1, alpha: 0.4).apply(&pixels, count: 2, side: side, &generator)
            let first = pixels[..<(side * side * 3)].reduce(0, +) / Float(side * side * 3)
            #expect(abs(Double(first) - share) < 1e-5)
            shares.append(share)
        }
        #expect(abs(shares.reduce(0, +) / 300 - 0.5) < 0.07)
        var generator = SeededGenerator(seed: 1)
        var untouched: [Float] = [1, 2, 3, 4, 5, 6]
        #expect(BatchMixing(probability: 0).apply(&untouched, count: 2, side: 1, &generator) == 1)
        #expect(untouched == [1, 2, 3, 4, 5, 6])
    }
}
