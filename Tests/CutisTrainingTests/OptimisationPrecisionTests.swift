import CutisTensor
import CutisTraining
import Testing

@Suite("Mixed precision")
struct OptimisationPrecisionTests {
    let fixture: OptimisationFixture

    init() throws {
        fixture = try OptimisationFixture.load()
    }

    /// The network of the fixture; the rule of the types is LibTorch's.
    private static func logits(_ image: Tensor, _ w: [String: Tensor]) throws -> Tensor {
        func weight(_ name: String) throws -> Tensor { try #require(w[name]) }
        var y = try image.conv2d(weight("conv"), stride: Size2D(2), padding: Size2D(1))
        y = try y.batchNorm(
            weight: weight("bn_weight"), bias: weight("bn_bias"), runningMean: nil, runningVar: nil, training: true
        ).relu()
        let patches = try y.flatten(from: 2, to: 3).transpose(1, 2)
        let tokens = try patches.linear(weight("embed"), weight("embed_bias")).to(.float32)
        let normed = try tokens.layerNorm([8], weight: weight("ln_weight"), bias: weight("ln_bias"))
        let qkv = try normed.linear(weight("qkv"), nil).reshape([2, 16, 3, 2, 4]).permute([2, 0, 3, 1, 4])
        let mixed = try Tensor.scaledDotProductAttention(
            qkv.select(dim: 0, index: 0), qkv.select(dim: 0, index: 1), qkv.select(dim: 0, index: 2))
        let added = try tokens + mixed.transpose(1, 2).reshape([2, 16, 8]).linear(weight("projection"), nil)
        return try added.mean([1]).linear(weight("head"), weight("head_bias"))
    }

    @Test func bfloat16OnTheCPU() throws {
        let row = fixture.autocast
        var weights: [String: Tensor] = [:]
        for (name, values) in row.weights {
            weights[name] = try Tensor(values, shape: row.shapes[name] ?? []).settingRequiresGrad(true)
        }
        let image = try Tensor(row.image, shape: [2, 3, 8, 8])
        let exact = try Self.logits(image, weights)
        let logits = try withAutocast(.bfloat16) { try Self.logits(image, weights) }
        #expect(exact.dtype == .float32 && logits.dtype == .bfloat16)
        // bfloat16 keeps 8 bits; both sides run LibTorch's kernels, but not always the same ones.
        let bound = 1.0 / 128
        expectError(relativeError(try logits.detach().doubles(), row.logits), within: bound, "autocast logits")
        let loss = try logits.to(.float32).crossEntropy(Tensor(row.labels))
        expectError(try abs(loss.item() - row.loss) / row.loss, within: bound, "autocast loss")
        let names = weights.keys.sorted()
        let found = try Tensor.gradients(of: loss, withRespectTo: names.compactMap { weights[$0] })
        for (name, gradient) in zip(names, found) {
            #expect(gradient.dtype == .float32)
            let error = relativeError(try gradient.doubles(), try #require(row.gradients[name]))
            expectError(error, within: bound, "autocast gradient of \(name)")
        }
    }

    @Test func theModeBelongsToTheScope() throws {
        let (x, w) = (try Tensor.ones([2, 2]), try Tensor.ones([2, 2]))
        #expect(autocastType() == nil)
        try withAutocast(.bfloat16) {
            #expect(autocastType() == .bfloat16)
            #expect(try x.matmul(w).dtype == .bfloat16)
            let inner = try withAutocast(nil) { try x.matmul(w) }
            #expect(inner.dtype == .float32)
            #expect(try withAutocast(.float16) { autocastType() } == .float16)
            #expect(autocastType() == .bfloat16)
        }
        #expect(autocastType() == nil)
        #expect(try x.matmul(w).dtype == .float32)
        #expect(throws: TensorError.self) { try withAutocast(.int8) {} }
        struct Stop: Error {}
        #expect(throws: Stop.self) { try withAutocast(.bfloat16) { throw Stop() } }
        #expect(autocastType() == nil)
    }

    @Test func theScaleOfFloat16() throws {
        let row = fixture.scaler
        var scaler = LossScaler(
            scale: row.scale, growth: row.growth, backoff: row.backoff, growthInterval: row.interval)
        for (number, step) in row.steps.enumerated() {
            let parameter = try Tensor.zeros([4]).settingRequiresGrad(true)
            let loss = try scaler.scaled((parameter * Tensor(step.values)).sum())
            var values = try Tensor.gradients(of: loss, withRespectTo: [parameter])[0].floats()
            if let bad = step.bad { values[bad.index] = Float(bad.value) ?? .nan }
            // In two tensors: one bad value anywhere leaves the whole step out.
            let gradients = [try Tensor(Array(values[..<2])), try Tensor(Array(values[2...]))]
            #expect(try scaler.unscale(gradients) == step.taken, "step \(number)")
            #expect(scaler.scale == step.scale && scaler.streak == step.streak, "step \(number)")
            guard step.taken else { continue }
            let found = try gradients.flatMap { try $0.doubles() }
            expectError(relativeError(found, step.gradient), "unscaled gradient of step \(number)")
        }
    }

    @Test func theScaleStaysFinite() throws {
        var scaler = LossScaler(scale: 3e38, growthInterval: 1)
        #expect(try scaler.unscale([Tensor([1] as [Float])]))
        #expect(scaler.scale == 3e38 && scaler.streak == 0)
    }
}
