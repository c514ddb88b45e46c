import CutisFormats
import CutisModels
import CutisTensor
import Testing

/// One checkpoint of one dialect.
struct ResNetCase: Sendable, CustomTestStringConvertible {
    let name: String
    var file: String?

    /// Largest accepted difference of stage, pooled features, output and Grad-CAM. Measured: 0 for torchvision and
    /// timm (the same kernels in the same order), 9.6e-7 for Hugging Face; other CPUs choose other kernels.
    var bound: Double { 5e-6 }

    var testDescription: String { name }

    static let all = [
        ResNetCase(name: "torchvision-resnet18", file: "resnet.pth"),
        ResNetCase(name: "torchvision-resnet34", file: "resnet.pth"),
        ResNetCase(name: "torchvision-resnet50", file: "resnet.pth"),
        ResNetCase(name: "timm-resnet18"),
        ResNetCase(name: "timm-resnet50"),
        ResNetCase(name: "hf-resnet-basic"),
        ResNetCase(name: "hf-resnet-bottleneck"),
    ]
}

@Suite("Residual networks against the original libraries")
struct ResNetParityTests {
    @Test("stage, pooled features and output", arguments: ResNetCase.all)
    func computesWhatTheOriginalComputes(_ test: ResNetCase) throws {
        let model = try VisionFixture.resNet(test.name, test.file)
        let reference = try VisionFixture.reference(test.name)
        let x = try reference.tensor("input")
        let features = try model.features(x)
        try expectClose(features.stage, reference.tensor("stage"), within: test.bound, "\(test.name) stage")
        try expectClose(features.pooled, reference.tensor("pooled"), within: test.bound, "\(test.name) pooled")
        let (output, expected) = (try model(x), try reference.tensor("output"))
        try expectClose(output, expected, within: test.bound, "\(test.name) output")
        #expect(try output.argmax(dim: 1).ints() == expected.argmax(dim: 1).ints())
    }

    @Test("Grad-CAM of the most probable class", arguments: ResNetCase.all.prefix(3))
    func gradCAMIsThatOfAutograd(_ test: ResNetCase) throws {
        let model = try VisionFixture.resNet(test.name, test.file)
        let reference = try VisionFixture.reference(test.name)
        let x = try reference.tensor("input")
        // Serving runs without gradients; the map must come out all the same.
        let map = try withoutGrad { try model.gradCAM(x) }
        try expectClose(map, reference.tensor("cam"), within: test.bound, "\(test.name) Grad-CAM")
        let best = try model(x).argmax(dim: 1).ints()
        try expectClose(model.gradCAM(x, classes: best), map, within: 0, "\(test.name) Grad-CAM by class")
    }

    @Test func trainingUsesAndUpdatesBatchStatistics() throws {
        let name = "torchvision-resnet18"
        let (archive, configuration) = try VisionFixture.open(name, "resnet.pth")
        guard case .resNet(let config) = configuration.architecture else { throw VisionFixture.Wrong.architecture }
        let reader = WeightReader(archive: archive, layout: configuration.layout, trainable: true)
        let model = try ResNet(config, reader)
        try reader.finish()
        let reference = try VisionFixture.reference(name)
        model.isTraining = true
        let output = try model(reference.tensor("input"))
        #expect(output.requiresGrad)
        try expectClose(output, reference.tensor("training_output"), within: 5e-6, "training output")
        let buffers = Dictionary(uniqueKeysWithValues: reader.buffers.map { ($0.name, $0.tensor) })
        try expectClose(
            #require(buffers["layer4.1.bn2.running_mean"]), reference.tensor("training_mean"), within: 1e-6,
            "running mean")
        try expectClose(
            #require(buffers["layer4.1.bn2.running_var"]), reference.tensor("training_variance"), within: 1e-6,
            "running variance")
    }
}
