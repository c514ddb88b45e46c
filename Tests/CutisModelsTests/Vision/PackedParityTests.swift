import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Testing

@Suite("Packed networks against the original libraries", .enabled(if: PackedLinear.isAvailable))
struct PackedParityTests {
    /// A packed network of a fixture.
    enum Network {
        case vit(PackedViT)
        case resNet(PackedResNet)

        init(_ name: String, _ file: String?, _ precision: InferencePrecision, size: Int = 64) throws {
            let (archive, configuration) = try VisionFixture.open(name, file)
            let stored: DType = precision == .halfStored ? .float16 : .float32
            let reader = WeightReader.packing(archive: archive, layout: configuration.layout, dtype: stored)
            switch configuration.architecture {
            case .visionTransformer(let config): self = .vit(try PackedViT(config, reader, precision: precision))
            case .resNet(let config):
                self = .resNet(
                    try PackedResNet(config, reader, imageSize: (size, size), precision: precision))
            }
            try reader.finish()
        }

        func output(_ x: Tensor) throws -> Tensor {
            switch self {
            case .vit(let model): try model(x)
            case .resNet(let model): try model(x)
            }
        }

        func pooled(_ x: Tensor, _ observer: LayerObserver? = nil) throws -> Tensor {
            switch self {
            case .vit(let model): try model.pooled(x, observer: observer)
            case .resNet(let model): try model.pooled(x, observer: observer)
            }
        }

        var memory: Arena.Use {
            switch self {
            case .vit(let model): model.memory
            case .resNet(let model): model.memory
            }
        }
    }

    @Test("fp32: pooled features, output and another image size", arguments: ViTCase.all)
    func transformersGiveWhatTheOriginalGives(_ test: ViTCase) throws {
        let model = try Network(test.name, test.file, .float32)
        let reference = try VisionFixture.reference(test.name)
        let x = try reference.tensor("input")
        // Measured: 3.8e-6 at most; other kernels in another order.
        let bound = 1e-5
        if reference.has("pooled") {
            try expectClose(
                model.pooled(x), reference.tensor("pooled"), within: bound, "packed \(test.testDescription) pooled")
        }
        try expectClose(
            model.output(x), reference.tensor("output"), within: bound, "packed \(test.testDescription) output")
        guard test.hasOtherSize else { return }
        try expectClose(
            model.output(reference.tensor("other_input")), reference.tensor("other_output"), within: bound,
            "packed \(test.testDescription) other size")
    }

    @Test("fp32: residual networks", arguments: ResNetCase.all)
    func residualNetworksGiveWhatTheOriginalGives(_ test: ResNetCase) throws {
        let model = try Network(test.name, test.file, .float32)
        let reference = try VisionFixture.reference(test.name)
        let x = try reference.tensor("input")
        // Measured: 2.3e-5 at most, for features of up to 20; folded batch norms round differently.
        try expectClose(
            model.pooled(x), reference.tensor("pooled"), within: 7e-5, "packed \(test.testDescription) pooled")
        try expectClose(
            model.output(x), reference.tensor("output"), within: 7e-5, "packed \(test.testDescription) output")
    }

    @Test(
        "fp16 storage and bf16", arguments: ["timm-vit", "tipsv2-swiglu", "openclip-quickgelu", "timm-resnet50"],
        CPUKernels.available >= .avx512BF16 ? [InferencePrecision.halfStored, .bfloat16] : [.halfStored])
    func halfPrecisionsStayClose(_ name: String, _ precision: InferencePrecision) throws {
        let reference = try VisionFixture.reference(name)
        let model = try Network(name, name == "tipsv2-swiglu" ? "model.safetensors" : nil, precision)
        let result = try Closeness(model.output(reference.tensor("input")), reference.tensor("output"))
        #expect(result.cosine > (precision == .halfStored ? 0.99999 : 0.9995), "\(name): \(result)")
    }

    @Test(
        "int8 from observed ranges", .enabled(if: CPUKernels.hasInt8DotProducts),
        arguments: ["timm-vit", "tipsv2-swiglu", "openclip-quickgelu", "timm-resnet18"])
    func int8StaysClose(_ name: String) throws {
        let file = name == "tipsv2-swiglu" ? "model.safetensors" : nil
        let reference = try VisionFixture.reference(name)
        let x = try reference.tensor("input")
        var inputs: [String: Quantisation] = [:]
        _ = try Network(name, file, .float32).pooled(x) { layer, input in
            let range = (try input.min().item(), try input.max().item())
            inputs[layer] = Quantisation(range: range.0...Swift.max(range.1, range.0))
        }
        let (_, configuration) = try VisionFixture.open(name, file)
        let layers = configuration.architecture.quantisableLayers
        // The first convolution is seen, and never quantised.
        #expect(Set(layers).isSubset(of: inputs.keys))
        let plan = QuantisationPlan(inputs: inputs.filter { layers.contains($0.key) })
        let floating: InferencePrecision.FloatingPrecision =
            CPUKernels.available >= .avx512BF16 ? .bfloat16 : .float32
        for rest in [InferencePrecision.FloatingPrecision.float32, floating] {
            let result = try Closeness(
                Network(name, file, .int8(plan, floating: rest)).output(x), reference.tensor("output"))
            #expect(result.cosine > 0.98, "\(name) with \(rest): \(result)")
        }
    }

    @Test("the steady state asks the system for no memory", arguments: ["timm-vit", "timm-resnet50"])
    func theArenaIsReused(_ name: String) throws {
        let model = try Network(name, nil, .float32)
        let x = try VisionFixture.reference(name).tensor("input")
        for _ in 0..<2 { _ = try model.output(x) }
        let before = model.memory
        for _ in 0..<3 { _ = try model.output(x) }
        let after = model.memory
        #expect(after.requests > before.requests)
        #expect(after.misses == before.misses)
        #expect(after.bytes == before.bytes)
    }

    @Test func aBatchGivesWhatItsImagesGiveAlone() throws {
        let model = try Network("timm-vit", nil, .float32)
        let x = try VisionFixture.reference("timm-vit").tensor("input")
        let batch = try Tensor.cat([x, x.flip([3]), x], dim: 0)
        let whole = try model.output(batch)
        let alone = try Tensor.cat([model.output(x), model.output(x.flip([3])), model.output(x)], dim: 0)
        #expect(try Closeness(whole, alone).maximum < 1e-5)
    }
}
