import CutisTensor
import Testing

@Suite("Packed layers", .enabled(if: PackedLinear.isAvailable))
struct PackedTests {
    private func random(_ shape: [Int], _ seed: UInt64) throws -> Tensor {
        try Tensor.randn(shape, generator: Generator(seed: seed))
    }

    private func difference(_ a: Tensor, _ b: Tensor) throws -> Double {
        #expect(a.shape == b.shape)
        return try (a.to(.float32) - b.to(.float32)).abs().max().item()
    }

    @Test("linear with every activation", arguments: [FusedActivation.none, .relu, .gelu, .geluTanh, .silu])
    func linearIsThatOfLibTorch(_ activation: FusedActivation) throws {
        let (x, weight, bias) = (try random([2, 19, 33], 1), try random([17, 33], 2), try random([17], 3))
        let plain = try x.linear(weight, bias)
        let expected: Tensor =
            switch activation {
            case .none: plain
            case .relu: try plain.relu()
            case .gelu: try plain.gelu(approximate: false)
            case .geluTanh: try plain.gelu(approximate: true)
            case .silu: try plain.silu()
            }
        let packed = try PackedLinear(weight: weight, bias: bias, rows: 38)
        #expect(try difference(packed(x, activation: activation), expected) < 5e-5)
        #expect(try difference(x.fusedLinear(weight, bias, activation: activation), expected) < 5e-5)
        // Other rows than it was packed for.
        let row = try x.narrow(dim: 1, start: 0, length: 1).contiguous()
        #expect(try difference(packed(row), plain.narrow(dim: 1, start: 0, length: 1)) < 5e-5)
    }

    @Test func wrongInputsAreRefused() throws {
        let packed = try PackedLinear(weight: random([8, 16], 1))
        #expect(throws: TensorError.self) { try packed(random([3, 15], 2)) }
        #expect(throws: TensorError.self) { try packed(random([3, 16], 2).to(.bfloat16)) }
        #expect(throws: TensorError.self) { try PackedLinear(weight: random([8], 1)) }
        #expect(throws: TensorError.self) { try PackedLinear(weight: random([8, 16], 1).to(.float64)) }
        #expect(throws: TensorError.self) { try PackedLinear(weight: random([8, 16], 1), bias: random([7], 1)) }
        let scales = try Tensor.ones([8])
        #expect(throws: TensorError.self) {
            try QuantisedLinear(weight: random([8, 16], 1), scales: scales, bias: nil)
        }
        let int8 = try QuantisedLinear(weight: Tensor.zeros([8, 16], dtype: .int8), scales: scales, bias: nil)
        let input = Quantisation(scale: 0.1, zero: 0)
        #expect(throws: TensorError.self) { try int8(random([3, 16], 2), quantised: input, to: .float32) }
    }

    @Test("int8 linear", arguments: [FusedType.float32, .bfloat16, .uint8(Quantisation(scale: 0.5, zero: 100))])
    func int8LinearIsTheProductOfWhatTheNumbersStandFor(_ result: FusedType) throws {
        let x = try random([1, 29, 40], 1)
        let weight = try random([24, 40], 2) * 0.3
        let bias = try random([24], 3)
        let quantisation = Quantisation(range: -4...4)
        let numbers = try x.quantised(quantisation)
        let scales = try (weight.abs().max([1]) / 127)
        let rows = try (weight / scales.unsqueeze(1)).round().to(.int8)
        let meant = try (numbers.to(.float32) - Double(quantisation.zero)) * quantisation.scale
        let expected = try meant.linear(rows.to(.float32) * scales.unsqueeze(1), bias)
        let layer = try QuantisedLinear(weight: rows, scales: scales, bias: bias, rows: 29)
        let output = try layer(numbers, quantised: quantisation, to: result)
        switch result {
        case .float32: #expect(try difference(output, expected) < 1e-4)
        case .bfloat16: #expect(try difference(output, expected) < 0.1)
        case .uint8(let own):
            let values = try (output.to(.float32) - Double(own.zero)) * own.scale
            let clipped = try expected.clamp(
                min: -Double(own.zero) * own.scale, max: Double(255 - own.zero) * own.scale)
            #expect(try difference(values, clipped) <= own.scale * 0.5 + 1e-4)
        }
    }

    /// With our own kernels where the CPU has them, and with oneDNN's, which lower levels take.
    @Test("convolutions", arguments: [DType.float32, .bfloat16], [CPUKernels.supported, .portable])
    func convolutionsAreThoseOfLibTorch(_ type: DType, _ level: CPUKernels.Instructions) throws {
        #expect(CPUKernels.select(level))
        defer { _ = CPUKernels.select(CPUKernels.supported) }
        let tolerance = type == .float32 ? 1e-5 : 0.05
        for inputs in [3, 16, 17] {
            let x = try random([2, inputs, 15, 13], 1).contiguous(.channelsLast)
            let (weight, bias) = (try random([10, inputs, 3, 3], 2) * 0.1, try random([10], 3))
            let expected = try x.conv2d(weight, bias, stride: Size2D(2), padding: Size2D(1))
            let layer = try PackedConv2d(
                weight: weight.to(type), bias: bias.to(type), stride: 2, padding: 1, sizes: [2, inputs, 15, 13])
            let output = try layer(x.to(type), activation: .relu)
            #expect(try difference(output, expected.relu()) < tolerance)
            #expect(output.isContiguous(.channelsLast))
            let sum = try random([2, 10, 8, 7], 4).contiguous(.channelsLast).to(type)
            let total = try (sum.to(.float32) + expected).relu()
            try layer.add(x.to(type), to: sum, activation: .relu)
            #expect(try difference(sum, total) < tolerance * 2)
        }
    }

    @Test("wrong inputs of a convolution", arguments: [CPUKernels.supported, .portable])
    func wrongInputsOfAConvolutionAreRefused(_ level: CPUKernels.Instructions) throws {
        #expect(CPUKernels.select(level))
        defer { _ = CPUKernels.select(CPUKernels.supported) }
        let layer = try PackedConv2d(
            weight: random([4, 16, 5, 5], 1), bias: nil, stride: 1, padding: 1, sizes: [1, 16, 8, 8])
        let x = try random([1, 16, 8, 8], 1).contiguous(.channelsLast)
        #expect(try layer(x).shape == [1, 4, 6, 6])
        #expect(throws: TensorError.self) { try layer(random([1, 15, 8, 8], 1)) }
        #expect(throws: TensorError.self) { try layer(random([16, 8, 8], 1)) }
        #expect(throws: TensorError.self) { try layer(x.to(.bfloat16)) }
        #expect(throws: TensorError.self) { try layer(random([1, 16, 2, 8], 1).contiguous(.channelsLast)) }
        let wrong = try random([1, 4, 6, 5], 2).contiguous(.channelsLast)
        #expect(throws: TensorError.self) { try layer.add(x, to: wrong, activation: .relu) }
        let sum = try random([1, 4, 6, 6], 2).contiguous(.channelsLast)
        #expect(throws: TensorError.self) { try layer.add(x, to: sum, activation: .gelu) }
        #expect(throws: TensorError.self) {
            try PackedConv2d(weight: random([4, 16, 3], 1), bias: nil, stride: 1, padding: 1, sizes: [1, 16, 8, 8])
        }
        #expect(throws: TensorError.self) {
            try PackedConv2d(
                weight: random([4, 16, 3, 3], 1), bias: random([3], 2), stride: 1, padding: 1, sizes: [1, 16, 8, 8])
        }
    }

    @Test func int8ConvolutionsAreThoseOfWhatTheNumbersStandFor() throws {
        let x = try random([1, 8, 9, 9], 1).contiguous(.channelsLast)
        let quantisation = Quantisation(range: -4...4)
        let numbers = try x.quantised(quantisation)
        #expect(numbers.isContiguous(.channelsLast))
        let weight = try random([12, 8, 3, 3], 2) * 0.2
        let scales = try weight.reshape([12, 72]).abs().max([1]) / 127
        let rows = try (weight / scales.reshape([12, 1, 1, 1])).round().to(.int8)
        let meant = try (numbers.to(.float32) - Double(quantisation.zero)) * quantisation.scale
        let expected = try meant.conv2d(
            rows.to(.float32) * scales.reshape([12, 1, 1, 1]), nil, stride: Size2D(1), padding: Size2D(1))
        let layer = try QuantisedConv2d(
            weight: rows, scales: scales, bias: nil, stride: 1, padding: 1, sizes: [1, 8, 9, 9], input: quantisation)
        #expect(try difference(layer(numbers, to: .float32), expected) < 1e-4)
        for type in [DType.float32, .bfloat16] {
            let sum = try random([1, 12, 9, 9], 5).contiguous(.channelsLast).to(type)
            let total = try (sum.to(.float32) + expected).relu()
            try layer.add(numbers, to: sum, activation: .relu)
            #expect(try difference(sum, total) < (type == .float32 ? 1e-4 : 0.1))
        }
    }

    @Test func anArenaGivesItsMemoryAgain() throws {
        let arena = try Arena()
        let kept = try arena.use { try Tensor.zeros([1000, 100]) + 1 }
        for _ in 0..<3 { _ = try arena.use { try kept * 2 } }
        let before = arena.statistics
        for _ in 0..<10 { _ = try arena.use { try kept * 2 } }
        #expect(arena.statistics.misses == before.misses)
        #expect(arena.statistics.requests >= before.requests + 10)
        // Outside, nothing is taken from it; what was taken stays valid.
        let inside = arena.statistics.requests
        _ = try kept * 3
        #expect(arena.statistics.requests == inside)
        #expect(try kept.sum().item() == 100_000)
    }

    /// A server's batches have one row now and sixteen a moment later, in no order.
    @Test func anArenaHasBlocksForTheLargestBatchAndNotForEach() throws {
        func pass(_ arena: Arena, _ rows: Int) throws -> Double {
            let x = try arena.use { try (Tensor.ones([rows, 3000]) * 2 + 1).reshape([rows, 30, 100]).sum([2]) }
            return try x.sum().item()
        }
        let largest = try Arena()
        #expect(try pass(largest, 16) == 16 * 9000)
        let arena = try Arena()
        for rows in [1, 2, 3, 5, 8, 4, 16, 7, 1, 16, 2] { #expect(try pass(arena, rows) == Double(rows * 9000)) }
        #expect(arena.statistics.bytes <= largest.statistics.bytes + 4096)
        let misses = arena.statistics.misses
        for rows in [1, 16, 3, 8] { _ = try pass(arena, rows) }
        #expect(arena.statistics.misses == misses)
    }

    @Test func aTensorOutlivesItsArena() throws {
        func make() throws -> Tensor { try Arena().use { try Tensor.ones([300, 300]) * 3 } }
        let tensor = try make()
        #expect(try tensor.sum().item() == 270_000)
    }
}
