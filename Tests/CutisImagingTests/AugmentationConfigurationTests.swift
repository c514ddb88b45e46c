import CutisCore
import CutisImaging
import Foundation
import Testing

@Suite("Augmentation: the section of a configuration")
struct AugmentationConfigurationTests {
    static func decode(_ json: String) throws -> AugmentationConfiguration {
        try JSONDecoder().decode(AugmentationConfiguration.self, from: Data(json.utf8))
    }

    @Test func everyFieldComesBack() throws {
        let full = AugmentationConfiguration(
            crop: RandomResizedCrop(minimumScale: 0.3, maximumScale: 0.9), filter: .bicubic, horizontalFlip: 0.5,
            verticalFlip: 0.25, quarterTurns: true, rotationDegrees: 15,
            randAugment: RandAugment(operations: 3, magnitude: 5, bins: 10),
            jitter: ColorJitter(brightness: 0.1, contrast: 0.2, saturation: 0.3, hue: 0.05),
            erasing: RandomErasing(probability: 0.1, fill: .noise))
        for configuration in [full, AugmentationConfiguration()] {
            let data = try JSONEncoder().encode(configuration)
            #expect(try JSONDecoder().decode(AugmentationConfiguration.self, from: data) == configuration)
        }
    }

    @Test func leftOutMeansTorchvisionsDefault() throws {
        let read = try Self.decode(
            #"{"crop": {"scale": [0.3, 1]}, "rand_augment": {}, "erasing": {}, "color_jitter": {"hue": 0.1}}"#)
        #expect(read.crop == RandomResizedCrop(minimumScale: 0.3))
        #expect(read.randAugment == RandAugment() && read.erasing == RandomErasing())
        #expect(read.jitter == ColorJitter(hue: 0.1))
        #expect(try Self.decode("{}") == AugmentationConfiguration())
    }

    @Test(arguments: [
        (#"{"horizontal_flip": 1.5}"#, "horizontal_flip"), (#"{"rotation": 200}"#, "rotation"),
        (#"{"crop": {"scale": [0, 1]}}"#, "crop.scale"), (#"{"crop": {"ratio": [2, 1]}}"#, "crop.ratio"),
        (#"{"erasing": {"scale": [0.1, 1.1]}}"#, "erasing.scale"), (#"{"color_jitter": {"hue": 0.6}}"#, "hue"),
        (#"{"color_jitter": {"contrast": -1}}"#, "contrast"), (#"{"rand_augment": {"magnitude": 31}}"#, "magnitude"),
        (#"{"rand_augment": {"bins": 1, "magnitude": 0}}"#, "bins"),
    ])
    func numbersThatCannotBeAreRefused(_ json: String, _ field: String) throws {
        let error = #expect(throws: CutisError.self) { try Self.decode(json) }
        #expect(error?.code == .configInvalid && error?.message.contains(field) == true)
    }

    @Test(arguments: [
        #"{"horizontalflip": 0.5}"#, #"{"crop": {"scales": [0.1, 1]}}"#, #"{"crop": {"scale": [0.1]}}"#,
        #"{"erasing": {"fill": "grey"}}"#, #"{"rand_augment": {"ops": 2}}"#, #"{"color_jitter": {"colour": 1}}"#,
    ])
    func unknownKeysAndValuesAreRefused(_ json: String) {
        #expect(throws: DecodingError.self) { try Self.decode(json) }
    }

    @Test func withoutACropTheCentreIsTaken() throws {
        var generator = AugmentationTests.Seeded(state: 1)
        let draw = AugmentationConfiguration().sample(width: 90, height: 60, size: CropSize(32), using: &generator)
        #expect(draw.crop == CropBox(left: 15, top: 0, width: 60, height: 60))
    }

    @Test func mirroringAndQuarterTurnsAreTheSymmetriesOfTheSquare() throws {
        let pixels = (0..<9).flatMap { [UInt8($0), UInt8($0), UInt8($0)] }
        let image = try PixelBuffer(width: 3, height: 3, channels: 3, pixels: pixels)
        let augmentation = AugmentationConfiguration(horizontalFlip: 0.5, quarterTurns: true)
        var generator = AugmentationTests.Seeded(state: 2)
        var counts: [[UInt8]: Int] = [:]
        for _ in 0..<8000 {
            let result = try augmentation.apply(to: image, size: CropSize(3), using: &generator)
            counts[result.pixels, default: 0] += 1
        }
        #expect(counts.count == 8 && counts.values.allSatisfy { abs($0 - 1000) < 120 })
    }

    @Test func normalisationIsThatOfTheRecipe() throws {
        let image = try Pictures.smooth(31, 17)
        let (mean, deviation): ([Float], [Float]) = ([0.485, 0.456, 0.406], [0.229, 0.224, 0.225])
        let recipe = PreprocessingRecipe(resize: .exact(width: 31, height: 17), mean: mean, std: deviation)
        let expected = try recipe.normalize(image)
        var values = [Float](repeating: 0, count: 31 * 17 * 3)
        try values.withUnsafeMutableBufferPointer { (buffer) throws(CutisError) in
            try ChannelNormalisation(mean: mean, deviation: deviation).write(image, to: buffer)
        }
        for channel in 0..<3 {
            let plane = stride(from: channel, to: values.count, by: 3).map { values[$0] }
            #expect(plane == Array(expected.values[(channel * 527)..<((channel + 1) * 527)]))
        }
        #expect(throws: CutisError.self) { try ChannelNormalisation(mean: [0, 0], deviation: [1, 1, 1]) }
        #expect(throws: CutisError.self) { try ChannelNormalisation(mean: [0, 0, 0], deviation: [1, 0, 1]) }
    }
}
