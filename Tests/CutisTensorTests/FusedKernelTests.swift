import CutisTensor
import Testing

/// Every variant of the CPU kernels that this machine can run, against LibTorch. The choice of a
/// variant holds for the thread that made it.
@Suite("CPU kernels against LibTorch")
struct FusedKernelTests {
    private static let levels = CPUKernels.Instructions.allCases.filter { $0 <= CPUKernels.supported }

    private func with<Result>(_ level: CPUKernels.Instructions, _ body: () throws -> Result) throws -> Result {
        let own = CPUKernels.selected
        try #require(CPUKernels.select(level))
        defer { _ = CPUKernels.select(own) }
        return try body()
    }

    private func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
        try Tensor.randn(shape, generator: Generator(seed: seed))
    }

    /// q, k and v of a packed product as LibTorch's attention takes them, and its answer as [batch, queries, width].
    private func reference(_ packed: Tensor, heads: Int, mask: Tensor?) throws -> Tensor {
        let shape = packed.shape
        let (batch, tokens, width) = (shape[0], shape[1], shape[2] / 3)
        let parts = try packed.to(.float32).reshape([batch, tokens, 3, heads, width / heads]).permute([2, 0, 3, 1, 4])
        let mixed = try Tensor.scaledDotProductAttention(
            parts.select(dim: 0, index: 0), parts.select(dim: 0, index: 1), parts.select(dim: 0, index: 2), mask: mask)
        return try mixed.transpose(1, 2).reshape([batch, tokens, width])
    }

    private func attention(
        _ packed: Tensor, heads: Int, mask: Tensor? = nil, quantised: Quantisation? = nil
    ) throws -> Tensor {
        let width = packed.shape[2] / 3
        return try Tensor.fusedAttention(
            TokenColumns(packed), TokenColumns(packed, from: width), TokenColumns(packed, from: 2 * width),
            width: width, heads: heads, mask: mask, quantised: quantised)
    }

    struct Shape: Sendable, CustomTestStringConvertible {
        let batch, tokens, heads, head: Int
        var testDescription: String { "\(batch)×\(tokens) tokens, \(heads) heads of \(head)" }
    }

    @Test(
        "attention", arguments: levels,
        [
            Shape(batch: 1, tokens: 1, heads: 1, head: 1), Shape(batch: 2, tokens: 7, heads: 3, head: 5),
            Shape(batch: 1, tokens: 65, heads: 2, head: 64), Shape(batch: 2, tokens: 197, heads: 3, head: 64),
            Shape(batch: 1, tokens: 50, heads: 4, head: 72), Shape(batch: 1, tokens: 33, heads: 2, head: 80),
            Shape(batch: 1, tokens: 1025, heads: 2, head: 64), Shape(batch: 1, tokens: 19, heads: 1, head: 256),
        ])
    func attentionIsThatOfLibTorch(_ level: CPUKernels.Instructions, _ shape: Shape) throws {
        let packed = try random([shape.batch, shape.tokens, 3 * shape.heads * shape.head], 1)
        try with(level) {
            let expected = try reference(packed, heads: shape.heads, mask: nil)
            let wide = try attention(packed, heads: shape.heads)
            #expect(try (wide - expected).abs().max().item() < 2e-5)
            let half = try packed.to(.bfloat16)
            let narrow = try attention(half, heads: shape.heads)
            #expect(narrow.dtype == .bfloat16)
            let exact = try reference(half, heads: shape.heads, mask: nil)
            #expect(try (narrow.to(.float32) - exact).abs().max().item() < 0.03)
            let quantisation = Quantisation(range: -3...3)
            let bytes = try attention(packed, heads: shape.heads, quantised: quantisation)
            let meant = try (bytes.to(.float32) - Double(quantisation.zero)) * quantisation.scale
            let clipped = try expected.clamp(min: -3, max: 3)
            #expect(try (meant - clipped).abs().max().item() < quantisation.scale * 1.01)
        }
    }

    @Test("attention with masks", arguments: levels)
    func masksHideKeys(_ level: CPUKernels.Instructions) throws {
        let (batch, tokens, heads) = (2, 45, 3)
        let packed = try random([batch, tokens, 3 * heads * 16], 2)
        let causal = try Tensor.full([tokens, tokens], -Double.infinity).upperTriangle(diagonal: 1)
        let rows = try random([batch, heads, tokens, tokens], 3)
        let keys = try Tensor.zeros([batch, 1, 1, tokens]).maskedFill(
            random([batch, 1, 1, tokens], 4).gt(0.5), -Double.infinity)
        try with(level) {
            for mask in [try causal.reshape([1, 1, tokens, tokens]), rows, keys] {
                let expected = try reference(packed, heads: heads, mask: mask)
                #expect(try (attention(packed, heads: heads, mask: mask) - expected).abs().max().item() < 2e-5)
            }
            let hidden = try Tensor.full([1, 1, 1, tokens], -Double.infinity)
            #expect(try attention(packed, heads: heads, mask: hidden).abs().max().item() == 0)
        }
    }

    @Test("layer normalisation with a branch", arguments: levels, [1, 5, 64, 192, 768, 1000, 1024])
    func layerNormIsThatOfLibTorch(_ level: CPUKernels.Instructions, _ width: Int) throws {
        let (x, branch) = (try random([3, 7, width], 1) * 3 + 1, try random([3, 7, width], 2))
        let (weight, bias) = (try random([width], 3), try random([width], 4))
        try with(level) {
            for other in [branch, try branch.to(.bfloat16)] {
                let stream = try x.clone()
                let sum = try x + other.to(.float32)
                let expected = try sum.layerNorm([width], weight: weight, bias: bias, eps: 1e-6)
                let out = try stream.addingLayerNorm(other, weight: weight, bias: bias, eps: 1e-6, to: .float32)
                #expect(try (stream - sum).abs().max().item() < 1e-6)
                #expect(try (out - expected).abs().max().item() < 2e-5)
                let half = try stream.addingLayerNorm(nil, weight: weight, bias: bias, eps: 1e-6, to: .bfloat16)
                #expect(try (half.to(.float32) - expected).abs().max().item() < 0.05)
                let quantisation = Quantisation(range: -6...6)
                let bytes = try stream.addingLayerNorm(
                    nil, weight: weight, bias: bias, eps: 1e-6, to: .uint8(quantisation))
                let meant = try (bytes.to(.float32) - Double(quantisation.zero)) * quantisation.scale
                #expect(
                    try (meant - expected.clamp(min: -6, max: 6)).abs().max().item() < quantisation.scale * 1.01)
            }
            let stream = try x.clone()
            try stream.addBranch(branch)
            #expect(try (stream - (x + branch)).abs().max().item() < 1e-6)
        }
    }

    @Test("soft-max, quantisation and gated SiLU", arguments: levels, [1, 3, 17, 64, 197, 1025])
    func rowKernelsAreThoseOfLibTorch(_ level: CPUKernels.Instructions, _ width: Int) throws {
        let x = try random([5, width], 1) * 20
        try with(level) {
            #expect(try (x.fusedSoftmax() - x.softmax(dim: -1)).abs().max().item() < 1e-6)
            let quantisation = Quantisation(scale: 0.25, zero: 120)
            for input in [x, try x.to(.bfloat16)] {
                let expected = try ((input.to(.float32) * 4).round() + 120).clamp(min: 0, max: 255)
                #expect(try (input.quantised(quantisation).to(.float32) - expected).abs().max().item() == 0)
            }
            let pair = try random([5, 2 * width], 2)
            let expected =
                try pair.narrow(dim: 1, start: 0, length: width).silu()
                * pair.narrow(dim: 1, start: width, length: width)
            #expect(try (pair.gatedSiLU() - expected).abs().max().item() < 1e-5)
            #expect(try (pair.to(.bfloat16).gatedSiLU().to(.float32) - expected).abs().max().item() < 0.1)
        }
    }

    @Test func wrongInputsAreRefused() throws {
        let packed = try random([1, 5, 48], 1)
        #expect(throws: TensorError.self) { try attention(packed, heads: 5) }
        #expect(throws: TensorError.self) {
            try Tensor.fusedAttention(
                TokenColumns(packed), TokenColumns(packed, from: 40), TokenColumns(packed), width: 16, heads: 2)
        }
        #expect(throws: TensorError.self) { try attention(packed.to(.float64), heads: 2) }
        #expect(throws: TensorError.self) { try attention(packed, heads: 2, mask: Tensor.zeros([1, 1, 5, 4])) }
        let weight = try Tensor.ones([47])
        #expect(throws: TensorError.self) {
            try packed.addingLayerNorm(nil, weight: weight, bias: weight, eps: 1e-6, to: .float32)
        }
        #expect(throws: TensorError.self) { try packed.addBranch(random([1, 5, 47], 1)) }
        #expect(throws: TensorError.self) { try packed.to(.int32).quantised(Quantisation(scale: 1, zero: 0)) }
        #expect(throws: TensorError.self) { try random([2, 3], 1).gatedSiLU() }
    }
}
