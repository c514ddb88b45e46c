import CutisModels
import CutisTensor
import CutisTraining
import Testing

@Suite("Activation checkpointing")
struct OptimisationCheckpointingTests {
    /// Loss and gradients of a model's logits on fixed images.
    private func gradients(
        _ reader: WeightReader, _ images: Tensor, precision: DType? = nil, _ model: (Tensor) throws -> Tensor
    ) throws -> (loss: Double, gradients: [[Float]]) {
        let logits = try withAutocast(precision) { try model(images) }
        let loss = try logits.to(.float32).crossEntropy(Tensor([0, 2]))
        let found = try Tensor.gradients(of: loss, withRespectTo: reader.parameters.map(\.tensor))
        return (try loss.item(), try found.map { try $0.floats() })
    }

    @Test(arguments: [nil, DType.bfloat16])
    func visionTransformer(_ precision: DType?) throws {
        let config = ViTConfig(
            imageSize: [32, 32], patchSize: 8, width: 24, depth: 3, heads: 3, mlpWidth: 48, classCount: 3)
        let reader = WeightReader.initialising(generator: try Generator(seed: 5), trainable: true)
        let model = try VisionTransformer(config, reader)
        try reader.finish()
        try fillHead(reader)
        model.isTraining = true
        let images = try Tensor.randn([2, 3, 32, 32], generator: Generator(seed: 6))
        let direct = try gradients(reader, images, precision: precision) { try model($0) }
        model.checkpointing = true
        let again = try gradients(reader, images, precision: precision) { try model($0) }
        #expect(direct.loss == again.loss)
        #expect(direct.gradients == again.gradients)
        #expect(direct.gradients.allSatisfy { $0.contains { $0 != 0 } })
    }

    @Test func residualNetworkAndItsStatistics() throws {
        var states: [[[Float]]] = []
        var results: [[[Float]]] = []
        for checkpointing in [false, true] {
            let reader = WeightReader.initialising(generator: try Generator(seed: 7), trainable: true)
            let model = try ResNet(.resNet18(stemWidth: 8, classCount: 3), reader)
            try reader.finish()
            model.isTraining = true
            model.checkpointing = checkpointing
            let images = try Tensor.randn([2, 3, 64, 64], generator: Generator(seed: 8))
            results.append(try gradients(reader, images) { try model($0) }.gradients)
            states.append(try reader.buffers.map { try $0.tensor.floats() })
        }
        #expect(results[0] == results[1])
        #expect(states[0] == states[1])
    }

    @Test func dropoutDrawsTheSameAgain() throws {
        let weight = try Tensor.randn([6, 6], generator: Generator(seed: 1)).settingRequiresGrad(true)
        let x = try Tensor.randn([8, 6], generator: Generator(seed: 2)).settingRequiresGrad(true)
        func run(_ isCheckpointed: Bool) throws -> (gradients: [[Float]], next: Double) {
            let generator = try Generator(seed: 3)
            func body(_ x: Tensor) throws -> Tensor {
                try x.linear(weight, nil).dropout(0.5, training: true, generator: generator)
            }
            var y = x
            for _ in 0..<3 {
                y =
                    try isCheckpointed
                    ? checkpointed([y], parameters: [weight], generator: generator) { inputs, _ in try body(inputs[0]) }
                    : body(y)
            }
            let found = try Tensor.gradients(of: (y * y).sum(), withRespectTo: [x, weight])
            return (try found.map { try $0.floats() }, try Tensor.rand([1], generator: generator).item())
        }
        let (direct, again) = (try run(false), try run(true))
        #expect(direct.gradients == again.gradients)
        #expect(direct.next == again.next)
    }

    @Test func frozenPartsGetNoGradient() throws {
        let frozen = try Tensor.ones([3])
        let weight = try Tensor.ones([3]).settingRequiresGrad(true)
        let x = try Tensor([1, 2, 3] as [Float])
        var runs = 0
        func part(_ parameters: [Tensor]) throws -> Tensor {
            try checkpointed([x], parameters: parameters) { inputs, _ in
                runs += 1
                return try parameters.reduce(inputs[0]) { try $0 * $1 }
            }
        }
        #expect(try !part([frozen]).requiresGrad)
        #expect(try withoutGrad { try !part([weight]).requiresGrad })
        #expect(runs == 2)
        let loss = try part([frozen, weight]).sum()
        #expect(try Tensor.gradients(of: loss, withRespectTo: [weight])[0].doubles() == [1, 2, 3])
        #expect(runs == 4)
    }

    @Test func failuresAreNamed() throws {
        struct Stop: Error {}
        let weight = try Tensor.ones([3]).settingRequiresGrad(true)
        #expect(throws: Stop.self) { try checkpointed([weight], parameters: []) { _, _ in throw Stop() } }
        let loss = try checkpointed([weight], parameters: []) { inputs, isAgain in
            guard !isAgain else { throw Stop() }
            return try inputs[0].sum()
        }
        #expect {
            _ = try Tensor.gradients(of: loss, withRespectTo: [weight])
        } throws: { error in
            "\(error)".contains("Stop")
        }
        // The engine is in order afterwards.
        #expect(try Tensor.gradients(of: (weight * weight).sum(), withRespectTo: [weight])[0].doubles() == [2, 2, 2])
    }

    /// A transformer's head starts with zeros, which would leave all other gradients at 0.
    private func fillHead(_ reader: WeightReader) throws {
        let generator = try Generator(seed: 9)
        for parameter in reader.parameters where parameter.name.hasPrefix("head") {
            try withoutGrad { try parameter.tensor.normalInPlace(generator: generator) }
        }
    }
}
