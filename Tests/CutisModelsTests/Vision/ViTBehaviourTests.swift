import CutisCore
import CutisModels
import CutisTensor
import Testing

@Suite("What a vision transformer accepts and gives")
struct ViTBehaviourTests {
    private func model(_ change: (inout ViTConfig) -> Void = { _ in }) throws -> VisionTransformer {
        var config = ViTConfig(
            imageSize: [16, 24], patchSize: 4, width: 32, depth: 2, heads: 4, mlpWidth: 64, classCount: 3)
        change(&config)
        return try VisionTransformer(config, .initialising(generator: Generator(seed: 5), trainable: false))
    }

    @Test(arguments: [[1, 3, 16, 16], [1, 3, 17, 24], [1, 1, 16, 24], [3, 16, 24], [1, 3, 0, 24]])
    func otherInputsAreRefusedInOneSentence(_ shape: [Int]) throws {
        let model = try model()
        let error = #expect(throws: CutisError.self) { try model(Tensor.zeros(shape)) }
        #expect(error?.code == .configInvalid)
    }

    @Test func theGridKeepsTheOrderOfTheImage() throws {
        let model = try model()
        let features = try model.features(Tensor.zeros([2, 3, 16, 24]))
        #expect(features.grid == (4, 6))
        #expect(features.tokens.shape == [2, 25, 32] && features.patches.shape == [2, 24, 32])
        #expect(try model.classAttention(Tensor.zeros([2, 3, 16, 24])).shape == [2, 4, 6])
        #expect(try model.attentionRollout(Tensor.zeros([2, 3, 16, 24])).shape == [2, 4, 6])
    }

    @Test func registersAreApartFromClassTokenAndPatches() throws {
        let model = try model {
            $0.registers = 3
            $0.classCount = nil
        }
        let x = try Tensor.randn([2, 3, 16, 24], generator: Generator(seed: 1))
        let features = try model.features(x)
        #expect(features.registers.shape == [2, 3, 32] && features.tokens.shape == [2, 28, 32])
        #expect(try features.classToken?.floats() == features.tokens.select(dim: 1, index: 0).floats())
        #expect(try model(x).floats() == features.pooled.floats())
        let map = try model.classAttention(x)
        #expect(map.shape == [2, 4, 6])
        #expect(try map.sum().item() < 2)
    }

    @Test func withoutAClassTokenThePatchesAttendOnAverage() throws {
        let model = try model {
            $0.classToken = false
            $0.pooling = .average
            $0.positionTable = .patches
        }
        let map = try model.classAttention(Tensor.randn([1, 3, 16, 24]))
        #expect(abs(try map.sum().item() - 1) < 1e-5)
        #expect(abs(try model.attentionRollout(Tensor.randn([1, 3, 16, 24])).sum().item() - 1) < 1e-5)
    }

    @Test func theResultIsTheSameInABatchOfOne() throws {
        let model = try model { $0.positionResize = .bicubic }
        let x = try Tensor.randn([3, 3, 16, 24], generator: Generator(seed: 2))
        let features = try model.features(x).pooled
        for index in 0..<3 {
            let alone = try model.features(x.narrow(dim: 0, start: index, length: 1)).pooled
            #expect(try Closeness(alone, features.narrow(dim: 0, start: index, length: 1)).maximum < 2e-6)
        }
    }

    @Test func notANumberFailsAComparison() throws {
        let sound = try Tensor([1, 2] as [Float])
        let broken = try Tensor([1, .nan] as [Float])
        for closeness in [try Closeness(broken, sound), try Closeness(sound, broken)] {
            #expect(closeness.maximum.isNaN && closeness.cosine.isNaN)
            #expect(!(closeness.maximum <= .infinity) && !(closeness.cosine >= 0.9))
        }
    }

    @Test func bfloat16ComputesNearlyTheSame() throws {
        let (archive, configuration) = try VisionFixture.open("hf-vit")
        let config = try #require(configuration.transformer)
        let reader = WeightReader(archive: archive, layout: configuration.layout, dtype: .bfloat16)
        let model = try VisionTransformer(config, reader)
        try reader.finish()
        let reference = try VisionFixture.reference("hf-vit")
        let output = try model(reference.tensor("input"))
        #expect(output.dtype == .bfloat16)
        #expect(try Closeness(output.to(.float32), reference.tensor("output")).cosine > 0.999)
        #expect(try model.classAttention(reference.tensor("input")).dtype == .float32)
    }

    @Test(
        arguments: [
            { (config: inout ViTConfig) in config.heads = 5 }, { config in config.imageSize = [16] },
            { config in config.imageSize = [18, 24] }, { config in config.depth = 0 },
            { config in config.patchSize = 0 },
            { config in config.classToken = false }, { config in config.normEpsilon = .nan },
            { config in config.classCount = 0 }, { config in config.width = .max },
        ] as [@Sendable (inout ViTConfig) -> Void])
    func impossibleConfigurationsAreRefused(_ change: @Sendable (inout ViTConfig) -> Void) {
        let error = #expect(throws: CutisError.self) { try model(change) }
        #expect(error?.code == .configInvalid)
    }

    @Test func impossibleResidualNetworksAreRefused() {
        for config in [
            ResNetConfig(blocks: [], bottleneck: false), ResNetConfig(blocks: [0], bottleneck: false),
            ResNetConfig(blocks: [1, 1], bottleneck: false, stageWidths: [64]),
            ResNetConfig(blocks: [1], bottleneck: true, stemWidth: 0),
            ResNetConfig(blocks: [1], bottleneck: true, stemWidth: .max),
        ] {
            #expect(throws: CutisError.self) { try ResNet(config, .initialising()) }
        }
    }

    @Test func gradCAMRefusesWhatItCannotExplain() throws {
        let network = try ResNet(.resNet18(stemWidth: 4, classCount: 2), .initialising())
        let x = try Tensor.zeros([2, 3, 32, 32])
        for classes in [[0], [0, 2], [-1, 0], []] {
            #expect(throws: CutisError.self) { try network.gradCAM(x, classes: classes) }
        }
        #expect(try network.gradCAM(x, classes: [0, 1]).shape == [2, 1, 1])
        let headless = try ResNet(.resNet18(stemWidth: 4, classCount: nil), .initialising())
        #expect(throws: CutisError.self) { try headless.gradCAM(x) }
        #expect(throws: CutisError.self) { try headless(Tensor.zeros([2, 4, 32, 32])) }
    }
}
