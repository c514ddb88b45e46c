import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite struct AugmentationTests {
    /// [operation, w, h, number or box, digest of torchvision's result on a PIL image]
    struct Case: Decodable {
        let operation: String
        let width: Int
        let height: Int
        let number: Double
        let box: [Int]
        let digest: String

        init(from decoder: any Decoder) throws {
            var row = try decoder.unkeyedContainer()
            operation = try row.decode(String.self)
            width = try row.decode(Int.self)
            height = try row.decode(Int.self)
            if operation == "crop" {
                number = 0
                box = try row.decode([Int].self)
            } else {
                number = try row.decode(Double.self)
                box = []
            }
            digest = try row.decode(String.self)
        }
    }

    @Test func everyByteIsPillows() throws {
        let cases = try Fixtures.decode([Case].self, "augmentation.json")
        for test in cases {
            let image =
                test.operation.hasPrefix("cube") ? try Self.cube() : try Pictures.smooth(test.width, test.height)
            let result =
                switch test.operation {
                case "rotate": image.rotated(degrees: test.number)
                case "brightness": image.adjustingBrightness(Float(test.number))
                case "contrast": image.adjustingContrast(Float(test.number))
                case "saturation", "cube saturation": image.adjustingSaturation(Float(test.number))
                case "hue", "cube hue": image.adjustingHue(test.number)
                default:
                    try image.resizedCrop(
                        CropBox(left: test.box[1], top: test.box[0], width: test.box[3], height: test.box[2]),
                        width: 32, height: 32)
                }
            #expect(
                digest(result.pixels) == test.digest,
                "\(test.operation) \(test.number) \(test.box) of \(test.width)×\(test.height)")
        }
        #expect(cases.count > 60)
    }

    /// Every fifth value of each channel, in the order in which the generator lays them out.
    static func cube() throws -> PixelBuffer {
        let steps = stride(from: UInt8(0), through: 255, by: 5)
        let pixels = steps.flatMap { red in steps.flatMap { green in steps.flatMap { [red, green, $0] } } }
        return try PixelBuffer(width: 676, height: 208, channels: 3, pixels: pixels)
    }

    @Test func sameStateSameImage() throws {
        let image = try Pictures.smooth(90, 70)
        let augmentation = AugmentationConfiguration(
            crop: RandomResizedCrop(minimumScale: 0.5), horizontalFlip: 0.5, verticalFlip: 0.5, quarterTurns: true,
            rotationDegrees: 20, jitter: ColorJitter(brightness: 0.2, contrast: 0.2, saturation: 0.2, hue: 0.05))
        var (first, second, third) = (Seeded(state: 7), Seeded(state: 7), Seeded(state: 8))
        let one = try augmentation.apply(to: image, size: CropSize(32), using: &first)
        #expect(try one == augmentation.apply(to: image, size: CropSize(32), using: &second))
        #expect(try one != augmentation.apply(to: image, size: CropSize(32), using: &third))
        #expect(one.width == 32 && one.height == 32 && one.channels == 3)
    }

    @Test func sampledBoxesKeepScaleAndRatio() {
        let crop = RandomResizedCrop(minimumScale: 0.3, maximumScale: 0.7)
        var generator = Seeded(state: 1)
        for _ in 0..<2_000 {
            let box = crop.sample(width: 300, height: 200, using: &generator)
            let share = Double(box.width * box.height) / 60_000
            let ratio = Double(box.width) / Double(box.height)
            #expect(share > 0.28 && share < 0.72)
            #expect(ratio > 0.73 && ratio < 1.36)
            #expect(box.left >= 0 && box.left + box.width <= 300 && box.top >= 0 && box.top + box.height <= 200)
        }
    }

    @Test func elongatedImagesGiveTheCentralBox() {
        var generator = Seeded(state: 1)
        let box = RandomResizedCrop(minimumScale: 1).sample(width: 400, height: 10, using: &generator)
        #expect(box == CropBox(left: 193, top: 0, width: 13, height: 10))
    }

    @Test func drawnFactorsStayInTheirRanges() {
        var generator = Seeded(state: 3)
        let jitter = ColorJitter(brightness: 0.4, contrast: 1.5, saturation: 0.1, hue: 0.2)
        var orders: Set<[Int]> = []
        for _ in 0..<500 {
            let changes = jitter.sample(using: &generator)
            #expect(changes.count == 4)
            orders.insert(
                changes.map { change in
                    switch change {
                    case .brightness(let factor):
                        #expect(factor >= 0.6 && factor <= 1.4)
                        return 0
                    case .contrast(let factor):
                        #expect(factor >= 0 && factor <= 2.5)
                        return 1
                    case .saturation(let factor):
                        #expect(factor >= 0.9 && factor <= 1.1)
                        return 2
                    case .hue(let shift):
                        #expect(abs(shift) <= 0.2)
                        return 3
                    }
                })
        }
        #expect(orders.count == 24)
    }

    /// SplitMix64 (Steele et al. 2014).
    struct Seeded: RandomNumberGenerator {
        var state: UInt64

        mutating func next() -> UInt64 {
            state &+= 0x9E37_79B9_7F4A_7C15
            var mixed = (state ^ state >> 30) &* 0xBF58_476D_1CE4_E5B9
            mixed = (mixed ^ mixed >> 27) &* 0x94D0_49BB_1331_11EB
            return mixed ^ mixed >> 31
        }
    }
}
