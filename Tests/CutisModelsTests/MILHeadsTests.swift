import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation
import Testing

@Suite struct MILHeadsTests {
    /// What a bundle stores answers bit for bit as the published file does.
    @Test(arguments: [
        "mil/payload.pt", "mil/no_shared.safetensors", "keras/multi_label.keras", "keras/raw_ops.keras",
        "keras/custom_weights.keras", "keras/self_attention.keras", "keras/sequential.keras", "keras/mask_input.keras",
        "keras/compiled.keras",
    ])
    func bundleFormRoundTrip(_ file: String) throws {
        let imported = try MILHeads.read(HeadFixtures.folder.appendingPathComponent(file))
        try HeadFixtures.withFolder { folder in
            let weights = folder.appendingPathComponent("head.safetensors")
            let graph = folder.appendingPathComponent("head.json")
            try imported.write(weights: weights, graph: graph)
            #expect(FileManager.default.fileExists(atPath: graph.path) == imported.configuration.hasGraph)

            let stored = try JSONEncoder().encode(imported.configuration)
            let configuration = try JSONDecoder().decode(MILHeadConfiguration.self, from: stored)
            #expect(configuration == imported.configuration)
            let opened = try MILHeads.open(
                configuration, weights: weights, graph: configuration.hasGraph ? graph : nil)
            #expect(opened.parameterCount > 0)

            let bag = try Tensor.randn([2, 2, imported.head.inputWidth], generator: Generator(seed: 3))
            let mask = try Tensor.ones([2, 2])
            let before = try imported.head(bag: bag, mask: mask)
            let after = try opened.head(bag: bag, mask: mask)
            #expect(try HeadFixtures.difference(before.probabilities, after.probabilities) == 0)
            #expect(opened.head.outputCount == imported.configuration.outputCount)
            #expect((after.attention != nil) == imported.head.hasAttention)
        }
    }

    @Test func labelsOfTheCheckpoint() throws {
        let imported = try MILHeads.read(HeadFixtures.mil("payload.pt"))
        #expect(imported.labels == ["Label 0", "Label 1", "Label 2", "Label 3"])
        #expect(imported.configuration.outputCount == 4 && imported.head.inputWidth == 12)
    }

    @Test func tenConditionsWithTheirThresholds() throws {
        struct Thresholds: Decodable {
            let labels: [String]
            let thresholds: [String: Double]
        }
        let file = HeadFixtures.folder.appendingPathComponent("keras/thresholds.json")
        let thresholds = try JSONDecoder().decode(Thresholds.self, from: Data(contentsOf: file))
        let imported = try MILHeads.read(HeadFixtures.keras("multi_label"))
        #expect(imported.head.outputCount == thresholds.labels.count)
        #expect(imported.head.inputWidth == 1024 && imported.head.maximumInstances == 3)
        let answer = try imported.head(bag: HeadFixtures.reference("wide_bag", in: "keras"), mask: nil)
        let reference = try HeadFixtures.reference("multi_label.output0", in: "keras").floats()
        let decisions = try zip(answer.probabilities.floats(), reference).enumerated().map { index, pair in
            let label = thresholds.labels[index % thresholds.labels.count]
            let threshold = Float(try #require(thresholds.thresholds[label]))
            return (pair.0 >= threshold, pair.1 >= threshold)
        }
        #expect(decisions.count == 30 && decisions.allSatisfy { $0.0 == $0.1 })
    }

    @Test func aGraphThatDoesNotFitTheBundleIsRefused() throws {
        let imported = try MILHeads.read(HeadFixtures.keras("sequential"))
        let other = try MILHeads.read(HeadFixtures.keras("compiled"))
        try HeadFixtures.withFolder { folder in
            let weights = folder.appendingPathComponent("head.safetensors")
            let graph = folder.appendingPathComponent("head.json")
            try imported.write(weights: weights, graph: graph)
            let mismatch = HeadFixtures.error {
                _ = try MILHeads.open(other.configuration, weights: weights, graph: graph)
            }
            #expect(mismatch?.code == .bundleInvalid)
            let absent = HeadFixtures.error {
                _ = try MILHeads.open(imported.configuration, weights: weights, graph: nil)
            }
            #expect(absent?.code == .bundleInvalid)
        }
    }

    @Test func aBagOfAnotherEncoderIsRefused() throws {
        let gated = try MILHeads.read(HeadFixtures.mil("payload.pt")).head
        let keras = try MILHeads.read(HeadFixtures.keras("gated_functional")).head
        for head in [gated, keras] {
            let error = HeadFixtures.error { _ = try head(bag: Tensor.zeros([1, 3, 7]), mask: nil) }
            #expect(error?.code == .computeFailed)
            #expect(error?.message.contains("12") == true)
        }
        let tooMany = HeadFixtures.error { _ = try keras(bag: Tensor.zeros([1, 4, 12]), mask: nil) }
        #expect(tooMany?.code == .computeFailed)
    }
}
