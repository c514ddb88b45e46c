import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite("Augmentation: parameters are drawn as torchvision draws them")
struct AugmentationDrawTests {
    /// Points of a distribution function: the share of torchvision's draws that are at most each point.
    struct Distribution: Decodable {
        let points, shares: [Double]

        /// The largest distance between the reference and the distribution of `values` (Kolmogorov and Smirnov), as a
        /// multiple of the one that chance exceeds once in 10,000 times.
        func distance(_ values: [Double], draws: Int) -> Double {
            let sorted = values.sorted()
            var count = 0
            var largest = 0.0
            for (point, share) in zip(points, shares) {
                // The points are rounded to seven digits.
                let bound = point + abs(point) * 1e-6
                while count < sorted.count, sorted[count] <= bound { count += 1 }
                largest = max(largest, abs(Double(count) / Double(sorted.count) - share))
            }
            let (n, m) = (Double(sorted.count), Double(draws))
            return largest / (2.23 * ((n + m) / (n * m)).squareRoot())
        }
    }

    struct Fixture: Decodable {
        let draws: Int
        let crops: [Crop]
        let erasures: [Erasure]
        let jitter: Jitter
        let angle: Distribution
        let randAugment: [String: Int]

        struct Crop: Decodable {
            let width, height: Int
            let scale, ratio: [Double]
            let area, aspect, left, top, leftShare: Distribution
        }

        struct Erasure: Decodable {
            let width, height: Int
            let scale, ratio: [Double]
            let untouched: Double
            let area, aspect, left, top: Distribution
        }

        struct Jitter: Decodable {
            let strengths: [Double]
            let orders: [String: Int]
            let brightness, contrast, saturation, hue: Distribution
        }
    }

    static let count = 20_000

    static func fixture() throws -> Fixture { try Fixtures.decode(Fixture.self, "augmentation-draws.json") }

    /// Pearson's statistic of two tables of counts, as a multiple of the one that chance exceeds once in 10,000 times
    /// (Wilson and Hilferty's approximation).
    static func excess(_ first: [String: Int], _ second: [String: Int]) -> Double {
        let keys = Set(first.keys).union(second.keys)
        let (n, m) = (Double(first.values.reduce(0, +)), Double(second.values.reduce(0, +)))
        let statistic = keys.reduce(0.0) { sum, key in
            let (a, b) = (Double(first[key] ?? 0), Double(second[key] ?? 0))
            let difference = (m / n).squareRoot() * a - (n / m).squareRoot() * b
            return sum + difference * difference / (a + b)
        }
        let freedom = Double(keys.count - 1)
        let spread = 2 / (9 * freedom)
        return statistic / (freedom * pow(1 - spread + 3.719 * spread.squareRoot(), 3))
    }

    @Test func randomResizedCrop() throws {
        let fixture = try Self.fixture()
        for test in fixture.crops {
            let crop = RandomResizedCrop(
                minimumScale: test.scale[0], maximumScale: test.scale[1], minimumRatio: test.ratio[0],
                maximumRatio: test.ratio[1])
            var generator = AugmentationTests.Seeded(state: 11)
            let boxes = (0..<Self.count).map { _ in
                crop.sample(width: test.width, height: test.height, using: &generator)
            }
            let found = [
                test.area.distance(boxes.map { Double($0.width * $0.height) }, draws: fixture.draws),
                test.aspect.distance(boxes.map { Double($0.width) / Double($0.height) }, draws: fixture.draws),
                test.left.distance(boxes.map { Double($0.left) }, draws: fixture.draws),
                test.top.distance(boxes.map { Double($0.top) }, draws: fixture.draws),
                test.leftShare.distance(
                    boxes.map { (Double($0.left) + 0.5) / Double(test.width - $0.width + 1) }, draws: fixture.draws),
            ]
            #expect(found.allSatisfy { $0 < 1 }, "\(test.width)×\(test.height): \(found)")
        }
        // The test can fail: other ranges are far away.
        var generator = AugmentationTests.Seeded(state: 11)
        let other = RandomResizedCrop(minimumScale: 0.12)
        let areas = (0..<Self.count).map { _ in
            let box = other.sample(width: 600, height: 450, using: &generator)
            return Double(box.width * box.height)
        }
        #expect(fixture.crops[0].area.distance(areas, draws: fixture.draws) > 1)
    }

    @Test func randomErasing() throws {
        let fixture = try Self.fixture()
        for test in fixture.erasures {
            let rule = RandomErasing(
                probability: 1, minimumScale: test.scale[0], maximumScale: test.scale[1],
                minimumRatio: test.ratio[0], maximumRatio: test.ratio[1])
            var generator = AugmentationTests.Seeded(state: 12)
            let boxes = (0..<Self.count).compactMap { _ in
                rule.sample(width: test.width, height: test.height, using: &generator)
            }
            let found = [
                test.area.distance(boxes.map { Double($0.width * $0.height) }, draws: fixture.draws),
                test.aspect.distance(boxes.map { Double($0.height) / Double($0.width) }, draws: fixture.draws),
                test.left.distance(boxes.map { Double($0.left) }, draws: fixture.draws),
                test.top.distance(boxes.map { Double($0.top) }, draws: fixture.draws),
            ]
            #expect(found.allSatisfy { $0 < 1 }, "\(test.width)×\(test.height): \(found)")
            let untouched = 1 - Double(boxes.count) / Double(Self.count)
            let deviation = (max(test.untouched, 1e-4) / Double(Self.count)).squareRoot()
            #expect(abs(untouched - test.untouched) < 4 * deviation)
        }
        var generator = AugmentationTests.Seeded(state: 13)
        let quarter = RandomErasing(probability: 0.25)
        let hits = (0..<Self.count).count { _ in quarter.sample(width: 224, height: 224, using: &generator) != nil }
        #expect(abs(hits - Self.count / 4) < 245, "four standard deviations")
    }

    @Test func colourJitterFactorsAndOrder() throws {
        let fixture = try Self.fixture()
        let strengths = fixture.jitter.strengths
        let jitter = ColorJitter(
            brightness: strengths[0], contrast: strengths[1], saturation: strengths[2], hue: strengths[3])
        var generator = AugmentationTests.Seeded(state: 14)
        var orders: [String: Int] = [:]
        var factors: [[Double]] = [[], [], [], []]
        for _ in 0..<Self.count {
            let order = jitter.sample(using: &generator).map { change in
                let (kind, value) =
                    switch change {
                    case .brightness(let factor): (0, Double(factor))
                    case .contrast(let factor): (1, Double(factor))
                    case .saturation(let factor): (2, Double(factor))
                    case .hue(let shift): (3, shift)
                    }
                factors[kind].append(value)
                return "\(kind)"
            }
            orders[order.joined(), default: 0] += 1
        }
        let references = [
            fixture.jitter.brightness, fixture.jitter.contrast, fixture.jitter.saturation, fixture.jitter.hue,
        ]
        let found = zip(references, factors).map { $0.distance($1, draws: fixture.draws) }
        #expect(found.allSatisfy { $0 < 1 }, "\(found)")
        #expect(fixture.jitter.orders.count == 24)
        #expect(Self.excess(orders, fixture.jitter.orders) < 1)
    }

    @Test func randAugmentKindsAndSigns() throws {
        let fixture = try Self.fixture()
        var generator = AugmentationTests.Seeded(state: 15)
        var counts: [String: Int] = [:]
        for _ in 0..<Self.count {
            for operation in RandAugment().sample(width: 64, height: 64, using: &generator) {
                counts[operation.kind.rawValue + (operation.strength < 0 ? "-" : "+"), default: 0] += 1
            }
        }
        #expect(fixture.randAugment.count == 23)
        #expect(Self.excess(counts, fixture.randAugment) < 1)
        var skewed = counts
        skewed["solarize+", default: 0] += 400
        #expect(Self.excess(skewed, fixture.randAugment) > 1, "the test can fail")
    }

    @Test func anglesFlipsAndTurns() throws {
        let fixture = try Self.fixture()
        let augmentation = AugmentationConfiguration(
            horizontalFlip: 0.5, verticalFlip: 0.2, quarterTurns: true, rotationDegrees: 20)
        var generator = AugmentationTests.Seeded(state: 16)
        let draws = (0..<Self.count).map { _ in
            augmentation.sample(width: 40, height: 40, size: CropSize(32), using: &generator)
        }
        #expect(fixture.angle.distance(draws.map(\.degrees), draws: fixture.draws) < 1)
        #expect(abs(draws.count { $0.mirrorsLeftRight } - Self.count / 2) < 283, "four standard deviations")
        #expect(abs(draws.count { $0.mirrorsTopBottom } - Self.count / 5) < 227)
        for turns in 0..<4 { #expect(abs(draws.count { $0.quarterTurns == turns } - Self.count / 4) < 245) }
    }
}
