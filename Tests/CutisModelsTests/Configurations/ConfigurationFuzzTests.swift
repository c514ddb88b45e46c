import CutisCore
import CutisFormats
import CutisModels
import Foundation
import Testing

/// Numbers that repeat (SplitMix64), so that a failure can be found again.
struct RepeatableRandom: RandomNumberGenerator {
    private var state: UInt64

    init(seed: UInt64) { state = seed }

    mutating func next() -> UInt64 {
        state &+= 0x9E37_79B9_7F4A_7C15
        var z = state
        z = (z ^ (z >> 30)) &* 0xBF58_476D_1CE4_E5B9
        z = (z ^ (z >> 27)) &* 0x94D0_49BB_1331_11EB
        return z ^ (z >> 31)
    }
}

/// Damaged configurations and impossible shapes end in an error or in a valid configuration, never in a crash.
/// CUTIS_FUZZ multiplies the number of rounds.
@Suite("Damaged configurations")
struct ConfigurationFuzzTests {
    private let effort = Int(ProcessInfo.processInfo.environment["CUTIS_FUZZ"] ?? "") ?? 1

    @Test(arguments: [
        ("hf-vit", "config.json"), ("hf-clip", "config.json"), ("tipsv2", "config.json"), ("timm-vit", "config.json"),
        ("openclip", "open_clip_config.json"), ("hf-resnet-basic", "config.json"),
        ("hf-clip", "preprocessor_config.json"), ("hf-resnet-basic", "preprocessor_config.json"),
    ])
    func damagedFilesAreSurvived(_ model: String, _ file: String) throws {
        let archive = try VisionFixture.open(model, model == "tipsv2" ? "model.safetensors" : nil).archive
        let original = Array(try Data(contentsOf: VisionFixture.folder(model).appendingPathComponent(file)))
        var random = RepeatableRandom(seed: 5)
        let folder = try ConfigFolder()
        for _ in 0..<(150 * effort) {
            var bytes = original
            for _ in 0..<Int.random(in: 1...4, using: &random) {
                let place = Int.random(in: 0..<bytes.count, using: &random)
                switch Int.random(in: 0..<4, using: &random) {
                case 0: bytes[place] = UInt8.random(in: 0...255, using: &random)
                case 1: bytes.remove(at: place)
                case 2: bytes.insert(contentsOf: Array("9e-99".utf8), at: place)
                default: bytes[place] = Array("0123456789-.eE\"[]{},:nul".utf8).randomElement(using: &random) ?? 0
                }
            }
            try Data(bytes).write(to: folder.url.appendingPathComponent(file))
            survives { try ConfigurationReader.read(archive, folder: folder.url) }
        }
    }

    @Test(arguments: ["openclip-l14", "timm-vit-l32-384", "tipsv2-l14", "hf-vit-l32-384", "torchvision-resnet18"])
    func impossibleShapesAreSurvived(_ model: String) throws {
        let names = try NamesOnly(model: model)
        let shapes = names.tensors.mapValues(\.shape)
        let keys = shapes.keys.sorted()
        var random = RepeatableRandom(seed: 9)
        for _ in 0..<(40 * effort) {
            var changed = shapes
            for _ in 0..<Int.random(in: 1...6, using: &random) {
                let key = keys.randomElement(using: &random) ?? ""
                let sizes = [0, 1, 2, 3, 64, 1 << 20, 1 << 40, .max / 8]
                let rank = Int.random(in: 0...5, using: &random)
                let odd = (0..<rank).map { _ in sizes.randomElement(using: &random) ?? 0 }
                changed[key] = Bool.random(using: &random) ? odd : nil
            }
            survives { try ConfigurationReader.read(NamesOnly(changed), folder: nil) }
        }
    }

    private func survives(_ body: () throws -> ImportedConfiguration) {
        do {
            try body().architecture.validate()
        } catch {
            #expect(error is CutisError, "\(error)")
        }
    }
}
