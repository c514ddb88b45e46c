import CutisModels
import Testing

/// A full-size published model by its names and shapes, and what they say.
struct FullSizeCase: Sendable, CustomTestStringConvertible {
    let name: String
    let kind: ModelKind
    /// Tensors in the file.
    let tensors: Int
    /// Weights that the network takes.
    let weights: Int
    /// Tensors left out on purpose.
    let ignored: Int
    let architecture: ModelConfiguration

    var testDescription: String { name }

    private static func vit(
        _ size: Int, _ patch: Int, _ width: Int, _ depth: Int, _ heads: Int, _ mlp: Int,
        _ change: (inout ViTConfig) -> Void = { _ in }
    ) -> ModelConfiguration {
        var config = ViTConfig(
            imageSize: [size, size], patchSize: patch, width: width, depth: depth, heads: heads, mlpWidth: mlp)
        change(&config)
        return .visionTransformer(config)
    }

    private static let large14 = vit(224, 14, 1024, 24, 16, 4096) {
        $0.normEpsilon = 1e-5
        $0.patchBias = false
        $0.preNorm = true
        $0.projectionWidth = 768
    }

    private static func tips(_ width: Int, _ depth: Int, _ mlp: Int) -> ModelConfiguration {
        vit(448, 14, width, depth, 16, mlp) {
            $0.layerScale = true
            $0.registers = 1
            $0.positionResize = .bilinearAntialias
        }
    }

    static let all = [
        FullSizeCase(
            name: "torchvision-vit-b16", kind: .torchvisionViT, tensors: 152, weights: 152, ignored: 0,
            architecture: vit(224, 16, 768, 12, 12, 3072) { $0.classCount = 1000 }),
        FullSizeCase(
            name: "hf-vit-l32-384", kind: .huggingFaceViT, tensors: 392, weights: 296, ignored: 0,
            architecture: vit(384, 32, 1024, 24, 16, 4096) {
                ($0.classCount, $0.normEpsilon, $0.positionResize) = (12, 1e-12, .bicubic)
            }),
        FullSizeCase(
            name: "hf-vit-l32-384-v5", kind: .huggingFaceViT, tensors: 392, weights: 296, ignored: 0,
            architecture: vit(384, 32, 1024, 24, 16, 4096) {
                ($0.classCount, $0.normEpsilon, $0.positionResize) = (12, 1e-12, .bicubic)
            }),
        FullSizeCase(
            name: "timm-vit-l32-384", kind: .timmViT, tensors: 296, weights: 296, ignored: 0,
            architecture: vit(384, 32, 1024, 24, 16, 4096) {
                ($0.classCount, $0.positionResize) = (1000, .bicubicAntialias)
            }),
        FullSizeCase(
            name: "timm-vit-so400m-tipsv2", kind: .timmViT, tensors: 385, weights: 385, ignored: 0,
            architecture: vit(448, 14, 1152, 27, 16, 4304) {
                ($0.positionResize, $0.layerScale, $0.registers) = (.bicubicAntialias, true, 1)
                $0.positionTable = .patches
            }),
        FullSizeCase(
            name: "tipsv2-l14", kind: .tipsv2, tensors: 491, weights: 343, ignored: 148,
            architecture: tips(1024, 24, 4096)),
        FullSizeCase(
            name: "tipsv2-l14-native", kind: .tipsv2, tensors: 636, weights: 343, ignored: 197,
            architecture: tips(1024, 24, 4096)),
        FullSizeCase(
            name: "openclip-l14", kind: .openCLIP, tensors: 446, weights: 296, ignored: 150,
            architecture: {
                guard case .visionTransformer(var config) = large14 else { return large14 }
                config.positionResize = .bicubicAntialias
                return .visionTransformer(config)
            }()),
        FullSizeCase(
            name: "hf-clip-l14", kind: .huggingFaceCLIP, tensors: 590, weights: 296, ignored: 198,
            architecture: {
                guard case .visionTransformer(var config) = large14 else { return large14 }
                (config.positionResize, config.activation) = (.bicubic, .quickGELU)
                return .visionTransformer(config)
            }()),
        FullSizeCase(
            name: "torchvision-resnet18", kind: .torchvisionResNet, tensors: 122, weights: 102, ignored: 20,
            architecture: .resNet(.resNet18(classCount: 1000))),
        FullSizeCase(
            name: "torchvision-resnet34", kind: .torchvisionResNet, tensors: 218, weights: 182, ignored: 36,
            architecture: .resNet(.resNet34(classCount: 1000))),
        FullSizeCase(
            name: "torchvision-resnet50", kind: .torchvisionResNet, tensors: 320, weights: 267, ignored: 53,
            architecture: .resNet(.resNet50(classCount: 1000))),
        FullSizeCase(
            name: "hf-resnet50", kind: .huggingFaceResNet, tensors: 320, weights: 267, ignored: 53,
            architecture: .resNet(.resNet50(classCount: 1000))),
    ]
}

@Suite("Names and shapes of full-size models")
struct KeyMapTests {
    @Test("the form and the numbers follow from names and shapes", arguments: FullSizeCase.all)
    func namesTellTheModel(_ test: FullSizeCase) throws {
        let archive = try NamesOnly(model: test.name)
        #expect(archive.tensors.count == test.tensors)
        #expect(DialectSniffer.detect(archive) == test.kind)
        let read = try ConfigurationReader.read(archive, folder: nil)
        #expect(read.kind == test.kind)
        #expect(read.architecture == test.architecture)
    }

    @Test("every tensor is used or left out with a reason", arguments: FullSizeCase.all)
    func everyTensorIsAccountedFor(_ test: FullSizeCase) throws {
        let archive = try NamesOnly(model: test.name)
        let reader = WeightReader.checking(archive: archive, layout: try #require(test.kind.layout))
        switch test.architecture {
        case .visionTransformer(let config): _ = try VisionTransformer(config, reader)
        case .resNet(let config): _ = try ResNet(config, reader)
        }
        let report = try reader.finish()
        #expect(report.loaded.count == test.weights)
        #expect(report.ignored.count == test.ignored)
        #expect(report.ignored.allSatisfy { !$0.reason.isEmpty })
        #expect(Set(report.loaded).count == report.loaded.count)
    }

    @Test func aLayoutIsAPrintableTable() throws {
        let table = KeyLayout.huggingFaceCLIP.description
        #expect(table.contains("projection.weight") && table.contains("transpose(visual_projection.weight)"))
        #expect(table.contains("ignored: text_model.* (text tower)"))
        for layout in KeyLayout.all { #expect(KeyLayout.named(layout.id) == layout) }
        #expect(KeyLayout.named("unknown") == nil)
    }

    @Test func placeholdersTakeTheValuesOfTheName() throws {
        let layout = KeyLayout.huggingFaceResNet
        let source = layout.source(of: "layer3.12.conv2.weight", prefix: "resnet.")
        #expect(source == "resnet.encoder.stages.2.layers.12.layer.1.convolution.weight")
        #expect(layout.source(of: "layer3.x.conv2.weight", prefix: "") == nil)
        #expect(layout.source(of: "layer03.1.conv2.weight", prefix: "") == nil)
        #expect(layout.source(of: "layer3.1.conv99999999999999999999.weight", prefix: "") == nil)
    }

    @Test func dinov2WithRegistersIsNotTakenForTIPS() {
        let names = ["patch_embed.proj.weight", "blocks.0.attn.qkv.weight", "cls_token", "pos_embed"]
        var shapes = Dictionary(uniqueKeysWithValues: names.map { ($0, [1]) })
        shapes["register_tokens"] = [1, 4, 384]
        #expect(DialectSniffer.detect(NamesOnly(shapes)) == nil)
        shapes["register_tokens"] = [1, 1, 384]
        #expect(DialectSniffer.detect(NamesOnly(shapes)) == .tipsv2)
    }
}
