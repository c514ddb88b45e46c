import CutisFormats
import CutisModels
import CutisTensor
import Foundation
import Testing

@Suite("Fresh weights, training and export")
struct FreshWeightTests {
    private let tiny = ViTConfig(
        imageSize: [32, 32], patchSize: 8, width: 64, depth: 2, heads: 4, mlpWidth: 128, layerScale: true,
        registers: 2, positionResize: .bicubicAntialias, classCount: 3)

    @Test func transformersStartAsInTorchvision() throws {
        let reader = WeightReader.initialising(generator: try Generator(seed: 7))
        _ = try VisionTransformer(tiny, reader)
        let weights = Dictionary(uniqueKeysWithValues: reader.parameters.map { ($0.name, $0.tensor) })
        #expect(reader.buffers.isEmpty)
        #expect(reader.parameters.first?.name == "class_token")
        #expect(reader.parameters.last?.name == "head.bias")
        func spread(_ name: String) throws -> (largest: Double, deviation: Double) {
            let tensor = try #require(weights[name]).detach()
            return (try tensor.abs().max().item(), try tensor.std().item())
        }
        // Glorot's bound of the packed projection: fan in 64, fan out 192.
        let qkv = try spread("blocks.0.attention.qkv.weight")
        let bound = (6.0 / (64 + 192)).squareRoot()
        #expect(qkv.largest <= bound && qkv.largest > 0.98 * bound)
        #expect(abs(qkv.deviation - bound / 3.0.squareRoot()) < 0.02 * bound)
        let patch = try spread("patch_embedding.weight")
        #expect(abs(patch.deviation - (1.0 / 192).squareRoot()) < 0.002)
        #expect(abs(try spread("position_embedding").deviation - 0.02) < 0.002)
        #expect(try spread("blocks.1.mlp.fc1.bias").largest < 1e-5)
        #expect(try spread("blocks.1.attention.projection.weight").largest <= 0.125)
        for name in ["head.weight", "class_token", "blocks.0.attention.qkv.bias", "norm.bias"] {
            #expect(try spread(name).largest == 0)
        }
        #expect(try #require(weights["norm.weight"]).floats().allSatisfy { $0 == 1 })
        #expect(try #require(weights["blocks.1.scale2"]).floats().allSatisfy { $0 == 1e-5 })
    }

    @Test func oneSeedGivesOneModel() throws {
        func weights(_ seed: UInt64) throws -> [Float] {
            let reader = WeightReader.initialising(generator: try Generator(seed: seed))
            _ = try ResNet(.resNet18(stemWidth: 4, classCount: 2), reader)
            return try reader.parameters.flatMap { try $0.tensor.floats() }
        }
        let first = try weights(1)
        #expect(try weights(1) == first)
        #expect(try weights(2) != first)
    }

    @Test func residualNetworksStartAsInTorchvision() throws {
        let reader = WeightReader.initialising(generator: try Generator(seed: 3))
        _ = try ResNet(.resNet18(stemWidth: 40, classCount: 7, headDropout: 0.2), reader)
        let count = reader.parameters.reduce(0) { $0 + $1.tensor.count }
        // 11,689,512 of the full width with 1000 classes; a stem of 40 and 7 classes give this.
        #expect(count == 4_372_527)
        #expect(reader.parameters.map(\.name).contains("layer4.0.downsample.1.weight"))
        #expect(reader.buffers.count == 40)
        let weights = Dictionary(uniqueKeysWithValues: reader.parameters.map { ($0.name, $0.tensor) })
        let convolution = try #require(weights["layer2.0.conv2.weight"]).detach()
        #expect(abs(try convolution.std().item() - (2.0 / (80 * 9)).squareRoot()) < 0.001)
        let head = try #require(weights["fc.weight"]).detach().abs().max().item()
        #expect(head <= 1 / 320.0.squareRoot() && head > 0.055)
    }

    @Test func aFewStepsLowerTheLoss() throws {
        let generator = try Generator(seed: 11)
        let x = try Tensor.randn([8, 3, 32, 32], generator: generator)
        let y = try Tensor([0, 1, 2, 0, 1, 2, 0, 1])
        // LayerScale starts at 1e-5 and would hold the first steps back.
        var config = tiny
        config.layerScale = false
        for isTransformer in [true, false] {
            let reader = WeightReader.initialising(generator: generator)
            let transformer = try isTransformer ? VisionTransformer(config, reader) : nil
            let network = try isTransformer ? nil : ResNet(.resNet18(stemWidth: 8, classCount: 3), reader)
            network?.isTraining = true
            let parameters = reader.parameters.map(\.tensor)
            var losses: [Double] = []
            for _ in 0..<20 {
                let logits = try transformer?(x) ?? network?(x)
                let loss = try #require(logits).crossEntropy(y)
                losses.append(try loss.item())
                let gradients = try Tensor.gradients(of: loss, withRespectTo: parameters)
                try withoutGrad {
                    for (parameter, gradient) in zip(parameters, gradients) {
                        try parameter.addInPlace(gradient, alpha: -0.1)
                    }
                }
            }
            #expect((losses.last ?? .nan) < 0.8 * losses[0], "\(losses)")
        }
    }

    @Test(arguments: ["hf-vit", "tipsv2-swiglu", "openclip", "hf-clip", "timm-vit-average"])
    func whatIsWrittenReadsBackTheSame(_ name: String) throws {
        let (archive, configuration) = try VisionFixture.open(name, name == "tipsv2-swiglu" ? "model.safetensors" : nil)
        guard case .visionTransformer(let config) = configuration.architecture else {
            throw VisionFixture.Wrong.architecture
        }
        let reader = WeightReader(archive: archive, layout: configuration.layout)
        let original = try VisionTransformer(config, reader)
        try reader.finish()
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try reader.write(to: url, metadata: ["layout": "cutis"])
        let written = try SafetensorsArchive(url)
        #expect(DialectSniffer.detect(written) == .cutis)
        let again = WeightReader(archive: written, layout: .cutis)
        let copy = try VisionTransformer(config, again)
        #expect(try again.finish().derived.isEmpty)
        let x = try VisionFixture.reference(name).tensor("input")
        #expect(try copy(x).floats() == original(x).floats())
        try reader.write(to: url, elementType: .float16)
        let half = WeightReader(archive: try SafetensorsArchive(url), layout: .cutis)
        let rounded = try VisionTransformer(config, half)
        try half.finish()
        #expect(try Closeness(rounded(x), original(x)).cosine > 0.9999)
    }

    @Test func buffersStayFloat32InAHalfFile() throws {
        let reader = WeightReader.initialising()
        _ = try ResNet(.resNet18(stemWidth: 3, classCount: 2), reader)
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("\(UUID().uuidString).safetensors")
        defer { try? FileManager.default.removeItem(at: url) }
        try reader.write(to: url, elementType: .float16)
        let archive = try SafetensorsArchive(url)
        #expect(archive.tensors["bn1.running_var"]?.elementType == .float32)
        #expect(archive.tensors["conv1.weight"]?.elementType == .float16)
        let again = WeightReader(archive: archive, layout: .cutis)
        _ = try ResNet(.resNet18(stemWidth: 3, classCount: 2), again)
        try again.finish()
    }
}
