import CutisFormats
import CutisModels
import CutisTensor
import Testing

/// One checkpoint of one dialect.
struct ViTCase: Sendable, CustomTestStringConvertible {
    let name: String
    var file: String?
    /// The largest difference from the original library that was measured: block, tokens, pooled features, output, and
    /// the same at another image size. Float32, two threads of an AVX-512 server CPU.
    let measured: Double
    /// Whether the reference holds outputs at another image size.
    var hasOtherSize = true

    /// What is accepted: other CPUs sum in another order.
    var bound: Double { 3 * measured }

    var testDescription: String { name + (file.map { "/\($0)" } ?? "") }

    static let all = [
        ViTCase(name: "torchvision-vit", file: "vit.pth", measured: 2.4e-6, hasOtherSize: false),
        ViTCase(name: "torchvision-vit", file: "legacy.pth", measured: 2.4e-6, hasOtherSize: false),
        ViTCase(name: "torchvision-vit-prelogits", file: "vit.pth", measured: 1.0e-6, hasOtherSize: false),
        ViTCase(name: "hf-vit", measured: 1.5e-6),
        ViTCase(name: "hf-vit", file: "v5-names.safetensors", measured: 1.5e-6),
        ViTCase(name: "hf-vit-model", measured: 9.6e-7, hasOtherSize: false),
        ViTCase(name: "tipsv2", file: "model.safetensors", measured: 2.0e-6),
        ViTCase(name: "tipsv2", file: "native-names.safetensors", measured: 2.0e-6),
        ViTCase(name: "tipsv2", file: "published-names.safetensors", measured: 2.0e-6),
        ViTCase(name: "tipsv2", file: "bare-names.safetensors", measured: 2.0e-6),
        ViTCase(name: "tipsv2-swiglu", file: "model.safetensors", measured: 3.4e-6),
        ViTCase(name: "tipsv2-swiglu", file: "native-names.safetensors", measured: 3.4e-6),
        ViTCase(name: "timm-vit", measured: 2.2e-6),
        ViTCase(name: "timm-vit-half", measured: 1.7e-6),
        ViTCase(name: "timm-vit-bfloat16", measured: 2.9e-6),
        ViTCase(name: "timm-vit-registers", measured: 1.7e-6),
        ViTCase(name: "timm-vit-average", measured: 3.5e-6),
        ViTCase(name: "timm-vit-gap", measured: 3.4e-6),
        ViTCase(name: "timm-vit-swiglu", measured: 2.9e-6),
        ViTCase(name: "timm-vit-clip", measured: 2.4e-6),
        ViTCase(name: "openclip", measured: 2.9e-6, hasOtherSize: false),
        ViTCase(name: "openclip-quickgelu", measured: 2.0e-6, hasOtherSize: false),
        ViTCase(name: "hf-clip", measured: 1.5e-6),
        ViTCase(name: "hf-clip-vision", measured: 4.8e-7, hasOtherSize: false),
    ]
}

@Suite("Vision transformers against the original libraries")
struct ViTParityTests {
    @Test("block, tokens, pooled features and output", arguments: ViTCase.all)
    func computesWhatTheOriginalComputes(_ test: ViTCase) throws {
        let model = try VisionFixture.transformer(test.name, test.file)
        let reference = try VisionFixture.reference(test.name)
        let x = try reference.tensor("input")
        if reference.has("block") {
            let block = try model.blocks[0](model.embed(x))
            try expectClose(block, reference.tensor("block"), within: test.bound, "\(test.testDescription) block")
        }
        let features = try model.features(x)
        for (name, tensor) in [("tokens", features.tokens), ("pooled", features.pooled)] where reference.has(name) {
            try expectClose(tensor, reference.tensor(name), within: test.bound, "\(test.testDescription) \(name)")
        }
        let output = try model(x)
        let expected = try reference.tensor("output")
        try expectClose(output, expected, within: test.bound, "\(test.testDescription) output")
        #expect(try output.argmax(dim: 1).ints() == expected.argmax(dim: 1).ints())
    }

    @Test("another image size", arguments: ViTCase.all.filter(\.hasOtherSize))
    func resizesThePositionTableAsTheOriginal(_ test: ViTCase) throws {
        let model = try VisionFixture.transformer(test.name, test.file)
        let reference = try VisionFixture.reference(test.name)
        let x = try reference.tensor("other_input")
        try expectClose(
            model(x), reference.tensor("other_output"), within: test.bound, "\(test.testDescription) other size")
        if reference.has("other_tokens") {
            try expectClose(
                model.features(x).tokens, reference.tensor("other_tokens"), within: test.bound,
                "\(test.testDescription) other tokens")
        }
    }

    @Test("last-block attention and rollout", arguments: ViTCase.all)
    func explainsAsTheOriginalAttends(_ test: ViTCase) throws {
        let reference = try VisionFixture.reference(test.name)
        guard reference.has("attention") else { return }
        let model = try VisionFixture.transformer(test.name, test.file)
        let x = try reference.tensor("input")
        // Measured: at most 1.5e-7 (attention) and 3.8e-8 (rollout) of values that sum to at most 1.
        try expectClose(
            model.classAttention(x), reference.tensor("attention"), within: 5e-7,
            "\(test.testDescription) attention")
        try expectClose(
            model.attentionRollout(x), reference.tensor("rollout"), within: 1.2e-7, "\(test.testDescription) rollout")
    }
}
