import CutisCore
import CutisImaging
import Foundation
import TestImages
import Testing

/// Damaged files give pixels or a sentence: never a crash, never a hang.
///
/// Short by default; CUTIS_FUZZ_ITERATIONS sets the number of inputs, CUTIS_FUZZ_SEED the first of them. With
/// CUTIS_FUZZ_KEEP=PATH the input at work is kept in that file, so that a crash leaves its cause behind.
@Suite struct FuzzTests {
    static let environment = ProcessInfo.processInfo.environment
    static let iterations = environment["CUTIS_FUZZ_ITERATIONS"].flatMap(Int.init) ?? 2_000
    static let seed = environment["CUTIS_FUZZ_SEED"].flatMap(UInt64.init) ?? 1
    static let keep = environment["CUTIS_FUZZ_KEEP"]

    @Test func damagedFilesAreAnswered() throws {
        let seeds = try Self.seeds()
        let options = DecodeOptions(exifOrientation: true, convertToSRGB: true, alpha: .white)
        var (decoded, refused, slowest) = (0, 0, Duration.zero)
        for iteration in 0..<Self.iterations {
            var generator = AugmentationTests.Seeded(state: Self.seed &+ UInt64(iteration))
            var data = Self.damage(seeds[iteration % seeds.count], seeds, &generator)
            if ImageFormat.sniff(data) == .png, iteration % 4 != 0 { data = Files.repairingChecksums(data) }
            if let keep = Self.keep { try data.write(to: URL(fileURLWithPath: keep)) }
            let start = ContinuousClock.now
            switch decoding(data, iteration % 2 == 0 ? options : DecodeOptions()) {
            case .success(let image):
                decoded += 1
                #expect(image.pixels.count == image.width * image.height * 3)
            case .failure(let error):
                refused += 1
                #expect(error.code.exitCode == 3, "\(error)")
                #expect(error.message.contains("image") && !error.remedy.isEmpty, "\(error)")
            }
            let time = ContinuousClock.now - start
            if time > slowest { slowest = time }
            #expect(time < .seconds(5), "input \(iteration) of seed \(Self.seed) took \(time)")
        }
        print("fuzz: \(Self.iterations) inputs, \(decoded) decoded, \(refused) refused, slowest \(slowest)")
    }

    @Test func damagedRecipesAreAnswered() throws {
        let texts = try RecipeTests.recipes.values.map { try JSONEncoder().encode($0) }
        for iteration in 0..<min(Self.iterations, 20_000) {
            var generator = AugmentationTests.Seeded(state: Self.seed &+ UInt64(iteration))
            let data = Self.damage(texts[iteration % texts.count], texts, &generator)
            let result = Result { () throws(CutisError) in try PreprocessingRecipe(json: data) }
            switch result {
            case .success(let recipe): try recipe.validate()
            case .failure(let error): #expect(error.code == .configInvalid, "\(error)")
            }
        }
    }

    /// The committed files, and the small real ones where they are present.
    static func seeds() throws -> [Data] {
        var files = try ImageFinder.images(in: Fixtures.url("files"))
        if SharedData.isPresent { files += try ImageFinder.images(in: SharedData.url("malformed-images")) }
        return try files.map { try Data(contentsOf: $0) }.filter { $0.count < 40_000 }
    }

    static func damage(_ data: Data, _ others: [Data], _ generator: inout some RandomNumberGenerator) -> Data {
        var bytes = [UInt8](data)
        for _ in 0..<Int.random(in: 1...4, using: &generator) where !bytes.isEmpty {
            let place = Int.random(in: 0..<bytes.count, using: &generator)
            // Headers decide the most, so half of the damage is done there.
            let early = min(place, Int.random(in: 0..<min(bytes.count, 128), using: &generator))
            switch Int.random(in: 0..<9, using: &generator) {
            case 0: bytes[place] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 1: bytes[early] ^= 1 << UInt8.random(in: 0..<8, using: &generator)
            case 2: bytes[early] = [0, 1, 0x7F, 0x80, 0xFF].randomElement(using: &generator) ?? 0
            case 3: bytes[place] = UInt8.random(in: 0...255, using: &generator)
            case 4: bytes.removeLast(bytes.count - place)
            case 5:
                let end = min(place + Int.random(in: 1...64, using: &generator), bytes.count)
                bytes.removeSubrange(place..<end)
            case 6:
                let end = min(place + Int.random(in: 1...64, using: &generator), bytes.count)
                bytes.insert(contentsOf: bytes[place..<end], at: early)
            case 7:
                for index in early..<min(early + 4, bytes.count) {
                    bytes[index] = Bool.random(using: &generator) ? 0xFF : 0
                }
            default:
                guard let other = others.randomElement(using: &generator), !other.isEmpty else { continue }
                let start = Int.random(in: 0..<other.count, using: &generator)
                let end = min(start + Int.random(in: 1...256, using: &generator), other.count)
                bytes.replaceSubrange(place..<min(place + end - start, bytes.count), with: [UInt8](other)[start..<end])
            }
        }
        return Data(bytes)
    }
}
