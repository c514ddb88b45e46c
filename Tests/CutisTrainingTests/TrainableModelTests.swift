import CutisCore
import CutisModels
import CutisTensor
import CutisTraining
import Foundation
import Testing

@Suite struct TrainableModelTests {
    private static let root = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
        .deletingLastPathComponent()

    private static func checkpoint(_ path: String) -> URL {
        root.appendingPathComponent("Tests/CutisModelsTests/Fixtures/vision/\(path)")
    }

    private func settings(_ change: (inout ModelSettings) -> Void) -> ModelSettings {
        var settings = ModelSettings()
        change(&settings)
        return settings
    }

    private func refusal(_ body: () throws -> Void) -> String {
        do {
            try body()
            return "accepted"
        } catch {
            return "\(error)"
        }
    }

    private struct DecayFixture: Decodable {
        struct Case: Decodable {
            let architecture: String
            let decay: Double
            /// Scale, decay and rank of each weight.
            let weights: [String: [Double]]
        }

        let weight_decay: Double
        let cases: [Case]
    }

    @Test func layerDecayIsTimms() throws {
        let url = try #require(
            Bundle.module.url(forResource: "layer_decay", withExtension: "json", subdirectory: "Fixtures"))
        let fixture = try JSONDecoder().decode(DecayFixture.self, from: Data(contentsOf: url))
        for one in fixture.cases {
            let architecture = try #require(TrainableArchitecture(rawValue: one.architecture))
            let names = one.weights.keys.sorted()
            let trained = names.map { (name: $0, rank: Int(one.weights[$0]?[2] ?? 0)) }
            let groups = ParameterGroups.of(
                architecture.configuration(classCount: 12, imageSize: 224), trained: trained,
                weightDecay: fixture.weight_decay, layerDecay: one.decay)
            #expect(groups.flatMap(\.indices).sorted() == Array(names.indices), "\(one.architecture)")
            for group in groups {
                for index in group.indices {
                    let expected = one.weights[names[index]] ?? []
                    #expect(abs(group.rateScale - expected[0]) < 1e-12, "\(one.architecture) \(names[index])")
                    #expect(group.weightDecay == expected[1], "\(one.architecture) \(names[index])")
                }
            }
            let plain = ParameterGroups.of(
                architecture.configuration(classCount: 12, imageSize: 224), trained: trained, weightDecay: 0.1,
                skipsNorms: false)
            #expect(plain == [ParameterGroup(indices: Array(names.indices), rateScale: 1, weightDecay: 0.1)])
        }
    }

    @Test func theTableHasThePublishedSizes() throws {
        // torchvision 0.28's and timm 1.0.31's counts of parameters for 1000 classes at 224 pixels.
        let counts: [TrainableArchitecture: Int] = [
            .resNet18: 11_689_512, .resNet34: 21_797_672, .resNet50: 25_557_032, .viTTiny16: 5_717_416,
            .viTSmall16: 22_050_664, .viTBase16: 86_567_656,
        ]
        for (architecture, count) in counts {
            let model = try TrainableModel(architecture.configuration(classCount: 1000, imageSize: 224), seed: 1)
            #expect(model.parameters.reduce(0) { $0 + $1.tensor.count } == count, "\(architecture)")
        }
        guard
            case .visionTransformer(let large) = TrainableArchitecture.viTLarge32.configuration(
                classCount: 3, imageSize: 384)
        else { throw CancellationError() }
        #expect(large.width == 1024 && large.depth == 24 && large.heads == 16 && large.mlpWidth == 4096)
        #expect(large.grid.rows == 12 && large.patchSize == 32)
    }

    @Test func freshWeightsFollowThePublishedLaws() throws {
        func check(_ model: TrainableModel, _ name: String, deviation: Double) throws {
            let tensor = try #require(model.parameters.first { $0.name == name }?.tensor)
            let values = try tensor.detach().flatten(from: 0, to: tensor.rank - 1).doubles()
            let mean = values.reduce(0, +) / Double(values.count)
            let variance = values.reduce(0) { $0 + ($1 - mean) * ($1 - mean) } / Double(values.count)
            // Five standard errors of each estimate.
            let count = Double(values.count)
            #expect(abs(mean) < 5 * deviation / count.squareRoot(), "\(name): mean \(mean)")
            #expect(
                abs(variance.squareRoot() / deviation - 1) < 5 / (2 * count).squareRoot() + 1e-9,
                "\(name): deviation \(variance.squareRoot()), not \(deviation)")
        }
        let tiny = try TrainableModel(
            TrainableArchitecture.viTTiny16.configuration(classCount: 12, imageSize: 96), seed: 5)
        try check(tiny, "position_embedding", deviation: 0.02)
        try check(tiny, "patch_embedding.weight", deviation: (1.0 / 768).squareRoot())
        // Uniform on ±√(6 / (inputs + outputs)).
        try check(tiny, "blocks.3.mlp.fc1.weight", deviation: (2.0 / (192 + 768)).squareRoot())
        try check(tiny, "blocks.3.attention.qkv.weight", deviation: (2.0 / (192 + 576)).squareRoot())
        let residual = try TrainableModel(
            TrainableArchitecture.resNet18.configuration(classCount: 7, imageSize: 96, stemWidth: 40), seed: 5)
        try check(residual, "conv1.weight", deviation: (2.0 / (40 * 49)).squareRoot())
        try check(residual, "layer3.1.conv2.weight", deviation: (2.0 / (160 * 9)).squareRoot())
        let again = try TrainableModel(residual.configuration, seed: 5)
        let (a, b) = (
            try residual.parameters[0].tensor.detach().floats(), try again.parameters[0].tensor.detach().floats()
        )
        #expect(a == b)
    }

    @Test(arguments: ["torchvision-resnet18/resnet.pth", "timm-resnet50", "timm-vit", "hf-vit"])
    func aCheckpointGetsANewHead(path: String) throws {
        let pretrained = try PretrainedWeights(Self.checkpoint(path))
        let side: Int
        switch pretrained.architecture {
        case .visionTransformer(let config): side = config.imageSize[0]
        case .resNet: side = 64
        }
        let old = try #require(pretrained.architecture.classCount)
        let same = try TrainableModel.make(
            settings { $0.imageSize = side }, classCount: old, pretrained: pretrained, seed: 1)
        #expect(same.loadReport?.loaded.count == same.state.count)
        let model = try TrainableModel.make(
            settings { $0.imageSize = side }, classCount: 12, pretrained: pretrained, seed: 1)
        model.isTraining = false
        let heads = model.state.map(\.name).filter { $0.hasPrefix("head.") || $0.hasPrefix("fc.") }
        #expect(heads.count == 2)
        #expect(model.loadReport?.loaded == model.state.map(\.name).filter { !heads.contains($0) })
        #expect(model.loadReport?.ignored.map(\.key).filter(heads.contains) == heads.sorted())
        let x = try Tensor.randn([2, 3, side, side], generator: Generator(seed: 3))
        #expect(try model(x).shape == [2, 12])
        for (mine, theirs) in zip(model.state, same.state) where !heads.contains(mine.name) {
            let (a, b) = (try mine.tensor.detach().floats(), try theirs.tensor.detach().floats())
            #expect(a == b, "\(mine.name)")
        }
    }

    @Test func positionsFollowTheImageSize() throws {
        let pretrained = try PretrainedWeights(Self.checkpoint("torchvision-vit/vit.pth"), heads: 2)
        guard case .visionTransformer(let config) = pretrained.architecture else { throw CancellationError() }
        let side = config.imageSize[0] + 2 * config.patchSize
        let model = try TrainableModel.make(
            settings { $0.imageSize = side }, classCount: 5, pretrained: pretrained, seed: 1)
        let table = try #require(model.parameters.first { $0.name == "position_embedding" }?.tensor)
        let places = (side / config.patchSize) * (side / config.patchSize)
        #expect(table.shape == [1, 1 + places, config.width])
        let x = try Tensor.randn([1, 3, side, side], generator: Generator(seed: 3))
        #expect(try model(x).shape == [1, 5])
        // Resizing at load and at run time is the same.
        let small = try TrainableModel.make(
            settings { $0.imageSize = config.imageSize[0] }, classCount: 5, pretrained: pretrained, seed: 1)
        let (a, b) = (try model(x).detach().floats(), try small(x).detach().floats())
        for (one, other) in zip(a, b) { #expect(abs(one - other) < 1e-5) }
    }

    @Test func aBundleIsAStart() throws {
        let bundle = Self.root.appendingPathComponent("Models/cutis-dermoscopy")
        let pretrained = try PretrainedWeights(bundle)
        #expect(pretrained.normalisation?.mean == [0.485, 0.456, 0.406])
        let model = try TrainableModel.make(
            settings { $0.imageSize = 128 }, classCount: 12, pretrained: pretrained, seed: 1)
        #expect(model.loadReport?.loaded.count == model.state.count - 2)
    }

    @Test func freezingByDepthAndName() throws {
        let settings = settings {
            $0.architecture = .viTTiny16
            $0.imageSize = 32
            $0.freeze = FreezeRule(layers: 6, names: ["blocks.11.mlp.*", "norm.bias"])
        }
        let model = try TrainableModel.make(settings, classCount: 12, seed: 1)
        let frozen = model.parameters.filter { !$0.tensor.requiresGrad }.map(\.name)
        let expected = model.parameters.map(\.name).filter { name in
            ["class_token", "position_embedding", "norm.bias"].contains(name) || name.hasPrefix("patch_embedding.")
                || (0..<6).contains { name.hasPrefix("blocks.\($0).") } || name.hasPrefix("blocks.11.mlp.")
        }
        #expect(frozen == expected)
        #expect(frozen.count == 4 + 6 * 12 + 4 + 1)
        #expect(model.trained.map(\.name) == model.parameters.map(\.name).filter { !frozen.contains($0) })
        let groups = model.parameterGroups(TrainingConfiguration())
        #expect(groups.flatMap(\.indices).sorted() == Array(model.trained.indices))
        var wrong = settings
        wrong.freeze = FreezeRule(layers: 13)
        #expect(refusal { _ = try TrainableModel.make(wrong, classCount: 12, seed: 1) }.contains("the network has 12"))
        wrong.freeze = FreezeRule(names: ["blocks.3.atention.*"])
        #expect(refusal { _ = try TrainableModel.make(wrong, classCount: 12, seed: 1) }.contains("fits no weight"))
        wrong.freeze = FreezeRule(names: ["*"])
        #expect(refusal { _ = try TrainableModel.make(wrong, classCount: 12, seed: 1) }.contains("no weight to train"))
    }

    @Test func frozenNormsKeepTheirStatistics() throws {
        let settings = settings {
            $0.architecture = .resNet18
            $0.stemWidth = 8
            $0.imageSize = 32
            $0.freeze = FreezeRule(layers: 2)
        }
        let model = try TrainableModel.make(settings, classCount: 3, seed: 1)
        let x = try Tensor.randn([8, 3, 32, 32], generator: Generator(seed: 3))
        let before = try model.buffers.map { try $0.tensor.floats() }
        let loss = try model(x).crossEntropy(Tensor([0, 1, 2, 0, 1, 2, 0, 1]))
        let gradients = try Tensor.gradients(of: loss, withRespectTo: model.trained.map(\.tensor))
        #expect(gradients.count == model.trained.count)
        for (buffer, old) in zip(model.buffers, before) {
            let isFrozen = ["bn1.", "layer1.", "layer2."].contains { buffer.name.hasPrefix($0) }
            let now = try buffer.tensor.floats()
            #expect((now == old) == isFrozen, "\(buffer.name)")
        }
    }
}
