import CutisCore
import CutisFormats
import CutisInference
import CutisModels
import CutisOptimization
import CutisTensor
import Foundation
import Testing

@Suite("What is folded and how weights are stored", .enabled(if: PackedLinear.isAvailable))
struct FoldingTests {
    @Test(
        "smoothing changes the weights and not what the network computes",
        arguments: [
            "hf-vit", "tipsv2", "tipsv2-swiglu", "timm-vit-swiglu", "openclip-quickgelu", "timm-resnet18",
            "timm-resnet50",
        ])
    func smoothingIsInvisible(_ source: String) throws {
        let workshop = try Workshop(source)
        let architecture = workshop.bundle.manifest.architecture
        let conversion = try WeightConversion(workshop.bundle)
        var folding = WeightFolding()
        var sites = 0
        for (index, layer) in architecture.quantisableLayers.enumerated() {
            guard let site = SmoothingSite(of: layer, in: architecture) else { continue }
            let channels = try conversion.tensor("\(layer).weight").shape[1]
            let factors = (0..<channels).map { Float(0.2 + Double(($0 * 31 + index * 7) % 40) / 8) }
            folding.smooth(layer, by: factors, at: site)
            sites += 1
        }
        #expect(sites >= architecture.quantisableLayers.count / 3)
        let smoothed = try workshop.copy("smoothed")
        try conversion.write(to: smoothed.file(BundleLayout.weights), precision: .fp32, folding: folding)
        let given = try Data(contentsOf: workshop.bundle.file(BundleLayout.weights))
        #expect(try Data(contentsOf: smoothed.file(BundleLayout.weights)) != given)
        let (before, after) = try (
            Workshop.answers(of: workshop.bundle, .fp32), Workshop.answers(of: smoothed, .fp32)
        )
        let scale = before.embeddings.joined().map(abs).max() ?? 0
        for (a, b) in zip(before.embeddings.joined(), after.embeddings.joined()) { #expect(abs(a - b) <= 2e-5 * scale) }
        #expect(AgreementFigures(after, with: before).lowestCosine > 0.999999)
    }

    @Test func aGELUHasNoSite() throws {
        let workshop = try Workshop()
        let architecture = workshop.bundle.manifest.architecture
        #expect(SmoothingSite(of: "blocks.0.mlp.fc2", in: architecture) == nil)
        #expect(SmoothingSite(of: "blocks.0.mlp.fc1", in: architecture) != nil)
    }

    @Test("int8 weights come out of the file as they went in", arguments: ["hf-vit", "timm-resnet18"])
    func storedIntegersAreTheSameAgain(_ source: String) throws {
        let workshop = try Workshop(source)
        let architecture = workshop.bundle.manifest.architecture
        let layers = architecture.quantisableLayers
        let input = Quantisation(scale: 0.02, zero: 128)
        let plan = QuantisationPlan(inputs: Dictionary(uniqueKeysWithValues: layers.map { ($0, input) }))
        let conversion = try WeightConversion(workshop.bundle)
        let copy = try workshop.copy("int8")
        try conversion.write(to: copy.file(BundleLayout.weights), precision: .int8, plan: plan)
        let archive = try SafetensorsArchive(copy.file(BundleLayout.weights))
        #expect(archive.tensors["\(layers[0]).weight"]?.elementType == .int8)
        let given = try #require(workshop.bundle.manifest.files[BundleLayout.weights]?.bytes)
        #expect(archive.tensors.values.map(\.byteCount).reduce(0, +) < given / 2)
        let restored = try WeightConversion(copy)
        for layer in layers {
            let before = try RowQuantisation(conversion.tensor("\(layer).weight"))
            let after = try RowQuantisation(restored.tensor("\(layer).weight"))
            #expect(try before.weight.isEqual(to: after.weight), "\(layer)")
            #expect(try (before.scales - after.scales).abs().max().item() <= 1e-7, "\(layer)")
        }
    }

    @Test func aWholeWeightMayShareOneScale() throws {
        let weight = try Tensor([Float(1), 0.25, 0.015, -0.02], shape: [2, 2])
        let own = try RowQuantisation(weight)
        let shared = try RowQuantisation(weight, .perTensor)
        #expect(try own.weight.to(.float32).floats() == [127, 32, 95, -127])
        #expect(try shared.weight.to(.float32).floats() == [127, 32, 2, -3])
        #expect(try shared.scales.floats() == [1.0 / 127, 1.0 / 127])
    }

    @Test(arguments: [
        ("blocks.99.mlp.fc1", Quantisation(scale: 1, zero: 0)), ("blocks.0.mlp.fc1", Quantisation(scale: 0, zero: 0)),
        ("blocks.0.mlp.fc1", Quantisation(scale: -1, zero: 0)), ("blocks.0.mlp.fc1", Quantisation(scale: 1, zero: 256)),
    ])
    func anImpossiblePlanIsRefused(_ layer: String, _ input: Quantisation) throws {
        let workshop = try Workshop()
        var manifest = workshop.bundle.manifest
        manifest.quantisation = QuantisationPlan(inputs: [layer: input], weights: .perTensor)
        let file = workshop.bundle.file(BundleLayout.manifest)
        try JSONEncoder().encode(manifest).write(to: file)
        let message = refusal { _ = try ModelBundle(workshop.bundle.url) }?.message
        #expect(message?.contains(layer) == true)
        manifest.quantisation?.inputs = ["blocks.0.mlp.fc1": Quantisation(scale: 0.5, zero: 3)]
        try JSONEncoder().encode(manifest).write(to: file)
        let read = try ModelBundle(workshop.bundle.url).manifest.quantisation
        #expect(read == manifest.quantisation)
    }
}
