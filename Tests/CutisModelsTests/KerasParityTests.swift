import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation
import Testing

/// Keras graphs against Keras itself (3.15 on the torch backend), with bags of 1, 2 and 3 images.
@Suite struct KerasParityTests {
    static let bound = 1e-5

    /// Measured: at most 5e-7 for every model, attention included.
    @Test(arguments: [
        "gated_functional", "masking_average", "masked_softmax", "batch_norm", "raw_ops", "more_ops",
        "activation_names", "custom_layers", "custom_without_mask", "custom_weights", "custom_attention", "nested",
        "sequential", "lists_and_shapes", "multi_label", "mask_input", "self_attention", "masked_self_attention",
        "shared_layers", "compiled", "separate_outputs", "two_outputs",
    ])
    func agreesWithKeras(_ name: String) throws {
        let file = try KerasModelFile(HeadFixtures.keras(name))
        let graph = try KerasGraph(config: file.config, archive: file.weights, groupNames: file.groupNames)
        let bag = try HeadFixtures.reference(name == "multi_label" ? "wide_bag" : "bag", in: "keras")
        let mask = try HeadFixtures.reference("mask", in: "keras")
        let (output, attention) = try graph(bag: bag, mask: mask)
        let error = try HeadFixtures.difference(output, expected(name))
        #expect(error <= Self.bound)
        #expect(try graph.classCount == expected(name).shape[1])

        var attentionError = 0.0
        if try HeadFixtures.hasReference("\(name).attention", in: "keras") {
            let reference = try HeadFixtures.reference("\(name).attention", in: "keras").reshape([3, 3])
            attentionError = try HeadFixtures.difference(#require(attention), reference)
            #expect(attentionError <= Self.bound)
        }
        print("keras \(name): output \(error), attention \(attention == nil ? "none" : String(attentionError))")

        // A mask that is left out is read off the rows of zeros, and fewer images are padded.
        let one = try bag.narrow(dim: 0, start: 0, length: 1).narrow(dim: 1, start: 0, length: 1)
        let alone = try graph(bag: one).output
        let first = try output.narrow(dim: 0, start: 0, length: 1)
        #expect(try HeadFixtures.difference(alone, first) <= 1e-6)
    }

    /// The answers of the reference side by side.
    private func expected(_ name: String) throws -> Tensor {
        switch name {
        case "separate_outputs":
            let parts = try (0..<3).map { try HeadFixtures.reference("\(name).output\($0)", in: "keras") }
            return try Tensor.cat(parts, dim: 1)
        // The dictionary's keys in order: attention, p.
        case "two_outputs": return try HeadFixtures.reference("\(name).output1", in: "keras")
        default: return try HeadFixtures.reference("\(name).output0", in: "keras")
        }
    }

    @Test(arguments: [
        ("gated_functional", MILOutputMeaning.sigmoid), ("masked_softmax", .softmax), ("mask_input", .logits),
        ("nested", .sigmoid), ("sequential", .softmax), ("shared_layers", .sigmoid), ("separate_outputs", .sigmoid),
    ])
    func theLastActivationTellsWhatTheNumbersAre(_ name: String, _ meaning: MILOutputMeaning) throws {
        let file = try KerasModelFile(HeadFixtures.keras(name))
        let graph = try KerasGraph(config: file.config, archive: file.weights)
        #expect(graph.meaning == meaning)
    }

    @Test func paddingTakesPartWithoutAMask() throws {
        let file = try KerasModelFile(HeadFixtures.keras("gated_functional"))
        let graph = try KerasGraph(config: file.config, archive: file.weights)
        let bag = try HeadFixtures.reference("bag", in: "keras")
        let attention = try #require(try graph(bag: bag).attention).floats()
        // The first case has one image, and its two rows of zeros are attended to, as Keras does without a mask.
        #expect(attention[1] > 0.01 && attention[2] > 0.01)
        let masked = try KerasModelFile(HeadFixtures.keras("masked_softmax"))
        let other = try KerasGraph(config: masked.config, archive: masked.weights)
        #expect(try #require(try other(bag: bag).attention).floats().prefix(3) == [1, 0, 0])
    }

    @Test func customLayersTellWhatWasAssumed() throws {
        let file = try KerasModelFile(HeadFixtures.keras("custom_layers"))
        let graph = try KerasGraph(config: file.config, archive: file.weights)
        #expect(graph.assumptions.contains { $0.contains("mil>GatedAttention") && $0.contains("mask applied") })
        let plain = try KerasModelFile(HeadFixtures.keras("custom_weights"))
        let other = try KerasGraph(config: plain.config, archive: plain.weights)
        #expect(other.assumptions.contains { $0.contains("vars/0") && $0.contains("mask not used") })
    }

    @Test func anUnknownCustomLayerNeedsAMapping() throws {
        let file = try KerasModelFile(HeadFixtures.keras("custom_unknown"))
        let error = HeadFixtures.error { _ = try KerasGraph(config: file.config, archive: file.weights) }
        #expect(error?.code == .checkpointUnsupported)
        #expect(error?.message.contains("mil>Oddity") == true)
        #expect(error?.remedy.contains("\"class_name\": \"mil>Oddity\"") == true)

        let mapping = """
            [{"class_name": "mil>Oddity", "kind": "gated_attention", "tanh": ["alpha/vars/0", "alpha/vars/1"],
              "sigmoid": ["beta/vars/0", "beta/vars/1"], "score": ["omega/vars/0", "omega/vars/1"]}]
            """
        let mappings = try JSONDecoder().decode([KerasCustomLayerMapping].self, from: Data(mapping.utf8))
        let graph = try KerasGraph(config: file.config, archive: file.weights, mappings: mappings)
        let bag = try HeadFixtures.reference("bag", in: "keras")
        let expected = try HeadFixtures.reference("custom_unknown.output0", in: "keras")
        #expect(try HeadFixtures.difference(graph(bag: bag).output, expected) <= Self.bound)
    }

    @Test func aLambdaIsRefused() throws {
        let file = try KerasModelFile(HeadFixtures.keras("with_lambda"))
        let error = HeadFixtures.error { _ = try KerasGraph(config: file.config, archive: file.weights) }
        #expect(error?.code == .checkpointUnsafe)
        #expect(error?.message.contains("'lambda'") == true)
    }

    @Test func allUnknownLayersAreNamed() throws {
        let file = try KerasModelFile(HeadFixtures.keras("unsupported_layers"))
        let error = HeadFixtures.error { _ = try KerasGraph(config: file.config, archive: file.weights) }
        #expect(error?.code == .checkpointUnsupported)
        #expect(error?.message.contains("'Conv1D'") == true && error?.message.contains("'LSTM'") == true)
    }
}
