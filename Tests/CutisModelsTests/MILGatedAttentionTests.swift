import CutisCore
import CutisFormats
import CutisModels
import CutisTensor
import Foundation
import Testing

@Suite struct MILGatedAttentionTests {
    /// Measured against the PyTorch module of Tools/fixtures/mil_heads.py: at most 3e-8.
    @Test(arguments: ["payload.pt", "two_layers.pt", "no_shared.safetensors", "low_rank.pt"])
    func agreesWithTheReference(_ file: String) throws {
        let name = String(file.prefix { $0 != "." })
        let imported = try MILHeads.read(HeadFixtures.mil(file))
        let bag = try HeadFixtures.reference("bag", in: "mil")
        let mask = try HeadFixtures.reference("mask", in: "mil")
        let answer = try imported.head(bag: bag, mask: mask)
        let logits = try #require(answer.logits)
        let attention = try #require(answer.attention)
        let expected = try HeadFixtures.reference("\(name).logits", in: "mil")
        let differences = [
            try HeadFixtures.difference(logits, expected),
            try HeadFixtures.difference(attention, HeadFixtures.reference("\(name).attention", in: "mil")),
            try HeadFixtures.difference(answer.probabilities, expected.sigmoid()),
        ]
        print("head \(name): logits \(differences[0]), attention \(differences[1])")
        #expect(differences.allSatisfy { $0 <= 1e-6 })
        #expect(attention.shape == [3, 3])

        // A mask that is left out is read off the rows of zeros.
        let guessed = try imported.head(bag: bag, mask: nil)
        #expect(try HeadFixtures.difference(guessed.probabilities, answer.probabilities) == 0)
    }

    @Test func aCaseWithoutImagesGetsNoAttention() throws {
        let head = try MILHeads.read(HeadFixtures.mil("payload.pt")).head
        let bag = try HeadFixtures.reference("bag", in: "mil").narrow(dim: 0, start: 0, length: 1)
        let answer = try head(bag: bag, mask: Tensor.zeros([1, 3]))
        #expect(try #require(answer.attention).floats() == [0, 0, 0])
        let expected = try HeadFixtures.reference("payload.empty_logits", in: "mil")
        #expect(try HeadFixtures.difference(#require(answer.logits), expected) <= 2e-6)
    }

    @Test func whatStandsInMissingRowsDoesNotMatter() throws {
        let head = try MILHeads.read(HeadFixtures.mil("payload.pt")).head
        let bag = try HeadFixtures.reference("bag", in: "mil")
        let mask = try HeadFixtures.reference("mask", in: "mil")
        let noise = try Tensor.randn([3, 3, 12], generator: Generator(seed: 5)) * 100.0
        let dirty = try bag + noise * (1.0 - mask).unsqueeze(-1)
        let clean = try head(bag: bag, mask: mask).probabilities
        #expect(try HeadFixtures.difference(head(bag: dirty, mask: mask).probabilities, clean) <= 1e-6)
    }

    /// The numbers of the worked example in the design notes: three instances of two features.
    @Test func workedExample() throws {
        let h = try Tensor([1.0, 0, 0, 1, 2, -1] as [Float], shape: [1, 3, 2])
        let v = try Tensor([0.5, -0.5, 1, 0.25] as [Float], shape: [2, 2])
        let u = try Tensor([0.1, 0.2, -0.3, 0.4] as [Float], shape: [2, 2])
        let w = try Tensor([1, -2] as [Float], shape: [1, 2])
        let scores = try (h.linear(v).tanh() * h.linear(u).sigmoid()).linear(w).squeeze(-1)
        let attention = try MaskedAttention.weights(scores, mask: Tensor.ones([1, 3], dtype: .bool))
        let pooled = try (attention.unsqueeze(-1) * h).sum([1])
        let expected = try Tensor([0.303997, 0.263822, 0.432181] as [Float])
        #expect(try HeadFixtures.difference(attention, expected) < 1e-6)
        #expect(try HeadFixtures.difference(pooled, Tensor([1.168360, -0.168360] as [Float])) < 1e-6)
    }

    @Test func sizesAreReadOffTheShapes() throws {
        guard case .gatedAttention(let plain) = try MILHeads.read(HeadFixtures.mil("two_layers.pt")).configuration,
            case .gatedAttention(let lowRank) = try MILHeads.read(HeadFixtures.mil("low_rank.pt")).configuration
        else {
            Issue.record("not gated attention")
            return
        }
        #expect(plain.instanceLayers == 2 && plain.sharedLayers == 2 && plain.sharedWidth == 10)
        #expect(plain.hiddenWidth == 16 && plain.attentionWidth == 6 && plain.classCount == 2 && plain.inputWidth == 12)
        #expect(lowRank.projectionRank == 5 && lowRank.classCount == 10)
    }

    @Test func aFreshHeadLearns() throws {
        let generator = try Generator(seed: 7)
        let reader = WeightReader.initialising(generator: generator)
        let config = GatedAttentionMILConfig(
            inputWidth: 6, classCount: 2, hiddenWidth: 8, attentionWidth: 4, sharedWidth: 5, projectionRank: 3)
        let head = try GatedAttentionMIL(config, reader)
        let (logits, attention) = try head(
            bag: Tensor.randn([4, 3, 6], generator: generator), mask: Tensor.ones([4, 3], dtype: .bool))
        #expect(logits.shape == [4, 2] && attention.shape == [4, 3])
        let parameters = reader.parameters.map(\.tensor)
        let gradients = try Tensor.gradients(of: logits.square().sum(), withRespectTo: parameters)
        #expect(gradients.count == parameters.count)
        #expect(reader.parameters.contains { $0.name == "instance.0.down.weight" })
        #expect(reader.buffers.map(\.name) == ["instance.0.anchor"])
    }

    @Test func aHeadOfAnotherArchitectureIsRefused() throws {
        let weights: [String: (shape: [Int], values: [Float])] = ["layer.weight": ([1], [1])]
        try HeadFixtures.withWeights(weights) { archive in
            let url = URL(fileURLWithPath: archive.path)
            let error = HeadFixtures.error { _ = try MILHeads.read(url) }
            #expect(error?.code == .checkpointUnsupported)
            #expect(error?.message.contains("attention_tanh.weight") == true)
        }
    }

    @Test func everyMissingTensorIsListed() throws {
        let weights: [String: (shape: [Int], values: [Float])] = [
            "attention_tanh.weight": ([2, 4], Array(repeating: 1, count: 8)),
            "instance.0.weight": ([4, 3], Array(repeating: 1, count: 12)),
            "classifier.0.weight": ([1, 4], Array(repeating: 1, count: 4)), "extra": ([1], [1]),
        ]
        try HeadFixtures.withWeights(weights) { archive in
            let url = URL(fileURLWithPath: archive.path)
            let error = HeadFixtures.error { _ = try MILHeads.read(url) }
            #expect(error?.code == .checkpointMismatch)
            for name in ["attention_sigmoid.weight", "attention_score.bias", "instance.1.weight", "extra"] {
                #expect(error?.message.contains(name) == true, "\(name)")
            }
        }
    }

    @Test func wordsMustFitTheWeights() {
        let contradiction = HeadFixtures.error { _ = try MILHeads.read(HeadFixtures.mil("contradiction.pt")) }
        #expect(contradiction?.code == .checkpointMismatch)
        #expect(contradiction?.message.contains("class_count 7 (its weights have 1)") == true)
        let unknown = HeadFixtures.error { _ = try MILHeads.read(HeadFixtures.mil("unknown_argument.pt")) }
        #expect(unknown?.code == .checkpointUnsupported && unknown?.message.contains("activation") == true)
    }

    @Test func absurdSizesAreRefused() throws {
        var config = GatedAttentionMILConfig(inputWidth: 1024, classCount: 10)
        try config.validate()
        config.hiddenWidth = 1 << 40
        #expect(HeadFixtures.error { try config.validate() }?.code == .configInvalid)
        config.hiddenWidth = 768
        config.normEpsilon = .nan
        #expect(HeadFixtures.error { try config.validate() }?.code == .configInvalid)
    }
}
