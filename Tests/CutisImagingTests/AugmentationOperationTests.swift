import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite("Augmentation: every operation has torchvision's bytes")
struct AugmentationOperationTests {
    /// What Tools/fixtures/augmentation.py wrote.
    struct Fixture: Decodable {
        let operations: [Operation]
        let randAugment: [Strength]
        let pipelines: [Pipeline]

        struct Operation: Decodable {
            let picture, name: String
            let number: Double
            let digest: String

            init(from decoder: any Decoder) throws {
                var row = try decoder.unkeyedContainer()
                picture = try row.decode(String.self)
                name = try row.decode(String.self)
                number = try row.decode(Double.self)
                digest = try row.decode(String.self)
            }
        }

        struct Strength: Decodable {
            let picture, kind: String
            let magnitude: Int
            let isNegative: Bool
            let strength: Double
            let digest: String

            init(from decoder: any Decoder) throws {
                var row = try decoder.unkeyedContainer()
                picture = try row.decode(String.self)
                kind = try row.decode(String.self)
                magnitude = try row.decode(Int.self)
                isNegative = try row.decode(Bool.self)
                strength = try row.decode(Double.self)
                digest = try row.decode(String.self)
            }
        }

        struct Pipeline: Decodable {
            let numbers: [Int]
            let degrees: Double
            let digest: String

            init(from decoder: any Decoder) throws {
                var row = try decoder.unkeyedContainer()
                numbers = try (0..<7).map { _ in try row.decode(Int.self) }
                degrees = try row.decode(Double.self)
                digest = try row.decode(String.self)
            }
        }
    }

    static func picture(_ name: String) throws -> PixelBuffer {
        switch name {
        case "wide": return try Pictures.smooth(61, 47)
        case "square": return try Pictures.smooth(48, 48)
        case "dim":
            let bright = try Pictures.smooth(61, 47)
            return try PixelBuffer(width: 61, height: 47, channels: 3, pixels: bright.pixels.map { $0 / 4 + 60 })
        default:
            let pixels = (0..<200).flatMap { _ in [7, 100, 255] as [UInt8] }
            return try PixelBuffer(width: 20, height: 10, channels: 3, pixels: pixels)
        }
    }

    static func fixture() throws -> Fixture { try Fixtures.decode(Fixture.self, "augmentation-operations.json") }

    @Test func toneAndSharpness() throws {
        let cases = try Self.fixture().operations
        for test in cases {
            let image = try Self.picture(test.picture)
            let result =
                switch test.name {
                case "posterize": image.posterized(bits: Int(test.number))
                case "solarize": image.solarized(threshold: test.number)
                case "equalize": image.equalized()
                case "autocontrast": image.autocontrasted()
                default: image.adjustingSharpness(Float(test.number))
                }
            #expect(digest(result.pixels) == test.digest, "\(test.name) \(test.number) of \(test.picture)")
        }
        #expect(cases.count == 92)
    }

    @Test func randAugmentAtEveryStrength() throws {
        let cases = try Self.fixture().randAugment
        for test in cases {
            let image = try Self.picture(test.picture)
            let kind = try #require(RandAugment.Kind(rawValue: test.kind))
            let rule = RandAugment(operations: 1, magnitude: test.magnitude, bins: 31)
            let strength = rule.strength(of: kind, width: image.width, height: image.height)
            #expect(abs(strength - test.strength) < 1e-5, "\(test.kind) at \(test.magnitude)")
            let operation = RandAugment.Operation(kind: kind, strength: test.isNegative ? -strength : strength)
            #expect(
                digest(image.applying([operation]).pixels) == test.digest,
                "\(test.kind) \(operation.strength) of \(test.picture)")
        }
        #expect(cases.count == 276)
    }

    @Test func theStepsTogetherInTheirOrder() throws {
        let image = try Self.picture("wide")
        for test in try Self.fixture().pipelines {
            let numbers = test.numbers
            let draw = AugmentationDraw(
                crop: CropBox(left: numbers[1], top: numbers[0], width: numbers[3], height: numbers[2]),
                mirrorsLeftRight: numbers[4] == 1, mirrorsTopBottom: numbers[5] == 1, quarterTurns: numbers[6],
                degrees: test.degrees,
                operations: [.init(kind: .posterize, strength: 6), .init(kind: .sharpness, strength: 0.5)],
                changes: [.saturation(0.8), .brightness(1.1)], erased: nil)
            let result = try draw.apply(to: image, size: CropSize(40), filter: .bilinear)
            #expect(digest(result.pixels) == test.digest, "\(numbers) \(test.degrees)")
        }
    }

    @Test func oddImagesComeThroughUnharmed() throws {
        let gray = try PixelBuffer(width: 4, height: 4, channels: 1, repeating: 9)
        for result in [
            gray.posterized(bits: 1), gray.solarized(threshold: 0), gray.equalized(), gray.autocontrasted(),
            gray.adjustingSharpness(0),
        ] {
            #expect(result == gray)
        }
        let tiny = try PixelBuffer(width: 2, height: 5, channels: 3, repeating: 3)
        #expect(tiny.adjustingSharpness(0) == tiny)
        #expect(tiny.sheared(x: .infinity) == tiny && tiny.translated(x: 99) != tiny)
    }

    @Test func erasingFillsItsRectangleAlone() throws {
        let image = try PixelBuffer(width: 30, height: 20, channels: 3, repeating: 255)
        let normalisation = try ChannelNormalisation(mean: [0, 0, 0], deviation: [1, 1, 1])
        for fill in RandomErasing.Fill.allCases {
            var augmentation = AugmentationConfiguration()
            augmentation.erasing = RandomErasing(probability: 1, fill: fill)
            let size = CropSize(width: 30, height: 20)
            var (first, second) = (AugmentationTests.Seeded(state: 5), AugmentationTests.Seeded(state: 5))
            let box = try #require(
                augmentation.sample(width: 30, height: 20, size: size, using: &first).erased)
            var values = [Float](repeating: -9, count: 1800)
            try values.withUnsafeMutableBufferPointer { (buffer) throws(CutisError) in
                try augmentation.write(image, size: size, normalisation, to: buffer, using: &second)
            }
            for y in 0..<20 {
                for x in 0..<30 {
                    let isInside =
                        (box.left..<(box.left + box.width)).contains(x)
                        && (box.top..<(box.top + box.height)).contains(y)
                    let value = values[(y * 30 + x) * 3 + 1]
                    let isErased = fill == .mean ? value == 0 : value != 1
                    #expect(isErased == isInside)
                }
            }
        }
    }
}
