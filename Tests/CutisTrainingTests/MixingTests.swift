import CutisCore
import CutisImaging
import CutisStatistics
import CutisTraining
import Foundation
import Testing

@Suite("Mixing batches as torchvision's v2.MixUp and v2.CutMix")
struct MixingTests {
    /// What Tools/fixtures/augmentation.py wrote.
    struct Fixture: Decodable {
        let draws: Int
        let mixup: [Share]
        let cutmix: [Cut]
        let batch: Batch

        struct Share: Decodable {
            let alpha: Double
            let share: Distribution
        }

        struct Cut: Decodable {
            let alpha: Double
            let side: Int
            let left, top, width, height, share: Distribution
        }

        struct Batch: Decodable {
            let images, blended, cut: [Float]
            let blendedTargets, cutTargets: [[Double]]
        }

        static func load() throws -> Fixture {
            let url = Bundle.module.bundleURL.appendingPathComponent("Fixtures/mixing.json")
            return try JSONDecoder().decode(Fixture.self, from: Data(contentsOf: url))
        }
    }

    /// Points of a distribution function: the share of torchvision's draws that are at most each point.
    struct Distribution: Decodable {
        let points, shares: [Double]

        /// The largest distance to the distribution of `values` (Kolmogorov and Smirnov), as a multiple of the one that
        /// chance exceeds once in 10,000 times.
        func distance(_ values: [Double], draws: Int) -> Double {
            let sorted = values.sorted()
            var count = 0
            var largest = 0.0
            // Between 0.99999 and 1 single precision has too few numbers, and α = 0.2 too many draws.
            for (point, share) in zip(points, shares) where point < 0.99999 || point > 1 {
                let bound = point + abs(point) * 1e-6
                while count < sorted.count, sorted[count] <= bound { count += 1 }
                largest = max(largest, abs(Double(count) / Double(sorted.count) - share))
            }
            let (n, m) = (Double(sorted.count), Double(draws))
            return largest / (2.23 * ((n + m) / (n * m)).squareRoot())
        }
    }

    static let count = 20_000

    @Test func mixUpSharesAreOfTheBetaDistribution() throws {
        let fixture = try Fixture.load()
        for test in fixture.mixup {
            let mixing = BatchMixing(probability: 1, mixupAlpha: test.alpha, cutmixAlpha: 0)
            var generator = SeededGenerator(seed: 3)
            let shares = (0..<Self.count).map { _ in mixing.draw(side: 8, &generator).share }
            #expect(test.share.distance(shares, draws: fixture.draws) < 1, "α = \(test.alpha)")
        }
        let other = BatchMixing(probability: 1, mixupAlpha: 0.5, cutmixAlpha: 0)
        var generator = SeededGenerator(seed: 3)
        let shares = (0..<Self.count).map { _ in other.draw(side: 8, &generator).share }
        #expect(fixture.mixup[1].share.distance(shares, draws: fixture.draws) > 1, "0.5 is not 0.4")
    }

    @Test func cutMixBoxesAndTheirAreas() throws {
        let fixture = try Fixture.load()
        for test in fixture.cutmix {
            let mixing = BatchMixing(probability: 1, mixupAlpha: 0, cutmixAlpha: test.alpha)
            var generator = SeededGenerator(seed: 4)
            var columns: [[Double]] = [[], [], [], [], []]
            for _ in 0..<Self.count {
                guard case .cut(let box, let share) = mixing.draw(side: test.side, &generator) else { continue }
                #expect(share == 1 - Double(box.width * box.height) / Double(test.side * test.side))
                for (index, value) in [box.left, box.top, box.width, box.height].enumerated() {
                    columns[index].append(Double(value))
                }
                columns[4].append(share)
            }
            #expect(columns[4].count == Self.count)
            let references = [test.left, test.top, test.width, test.height, test.share]
            let found = zip(references, columns).map { $0.distance($1, draws: fixture.draws) }
            #expect(found.allSatisfy { $0 < 1 }, "α = \(test.alpha), side \(test.side): \(found)")
        }
    }

    @Test func theMixedBatchHasTorchvisionsPixelsAndTargets() throws {
        let batch = try Fixture.load().batch
        let cut = CropBox(left: 1, top: 0, width: 3, height: 2)
        for (draw, expected, targets) in [
            (BatchMixing.Draw.blend(share: 0.3), batch.blended, batch.blendedTargets),
            (.cut(cut, share: 1 - 6.0 / 25), batch.cut, batch.cutTargets),
        ] {
            var pixels = batch.images
            BatchMixing.apply(draw, to: &pixels, side: 5, partner: Array(batch.images.suffix(75)))
            let largest = zip(pixels, expected).map { abs($0 - $1) }.max() ?? 1
            #expect(largest < 1e-6)
            for image in 0..<3 {
                #expect(abs(targets[image][image] - draw.share) < 1e-6)
                #expect(abs(targets[image][(image + 2) % 3] - (1 - draw.share)) < 1e-6, "mixed with the one before")
            }
        }
        var untouched = batch.images
        BatchMixing.apply(.none, to: &untouched, side: 5, partner: batch.images)
        #expect(untouched == batch.images)
    }

    @Test func kindsComeAsOftenAsTheyShould() {
        var generator = SeededGenerator(seed: 5)
        let mixing = BatchMixing(probability: 0.4, cutProbability: 0.25)
        var counts = [0, 0, 0]
        for _ in 0..<Self.count {
            switch mixing.draw(side: 16, &generator) {
            case .none: counts[0] += 1
            case .blend: counts[1] += 1
            case .cut: counts[2] += 1
            }
        }
        #expect(abs(counts[0] - 12_000) < 280 && abs(counts[1] - 6000) < 260 && abs(counts[2] - 2000) < 170)
        #expect((0..<100).allSatisfy { _ in BatchMixing.none.draw(side: 16, &generator) == .none })
        let off = BatchMixing(probability: 1, mixupAlpha: 0, cutmixAlpha: 0)
        #expect(off.draw(side: 16, &generator) == .none)
    }

    @Test func theSectionIsReadStrictly() throws {
        let read = { try JSONDecoder().decode(BatchMixing.self, from: Data(($0 as String).utf8)) }
        #expect(try read(#"{"mixup_alpha": 0.2}"#) == BatchMixing(mixupAlpha: 0.2))
        let data = try JSONEncoder().encode(BatchMixing(probability: 0.1, cutProbability: 0.9))
        #expect(try read(String(decoding: data, as: UTF8.self)) == BatchMixing(probability: 0.1, cutProbability: 0.9))
        #expect(throws: DecodingError.self) { try read(#"{"alpha": 0.2}"#) }
        #expect(throws: CutisError.self) { try read(#"{"mixup_alpha": -1}"#) }
        #expect(throws: CutisError.self) { try read(#"{"probability": 2}"#) }
    }
}
