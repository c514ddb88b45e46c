import CutisTensor
import Testing

/// Seeds, states and reproducibility.
@Suite struct GeneratorTests {
    /// PyTorch's values for seed 123, each from a fresh generator.
    @Test func goldenOfSeed123() throws {
        let uniform = try Tensor.rand([2], generator: Generator(seed: 123)).floats()
        #expect(abs(uniform[0] - 0.29611194) < 1e-7 && abs(uniform[1] - 0.51656228) < 1e-7)
        let integers = try Tensor.randint(0..<77, shape: [5], generator: Generator(seed: 123))
        #expect(try integers.ints() == [58, 36, 63, 26, 3])
        #expect(try Tensor.randperm(4, generator: Generator(seed: 123)).ints() == [2, 0, 1, 3])
    }

    @Test func sameSeedSameValues() throws {
        func draw(_ generator: Generator) throws -> [Float] {
            let normal = try Tensor.randn([100], generator: generator)
            let kept = try Tensor.ones([100]).dropout(0.3, training: true, generator: generator)
            let classes = try Tensor([0.1, 0.9]).multinomial(50, replacement: true, generator: generator)
            return try normal.floats() + kept.floats() + classes.floats()
        }
        let first = try draw(Generator(seed: 7))
        #expect(try draw(Generator(seed: 7)) == first)
        #expect(try draw(Generator(seed: 8)) != first)
        let generator = try Generator(seed: 7)
        _ = try draw(generator)
        try generator.reseed(7)
        #expect(try draw(generator) == first)
    }

    @Test func stateContinuesTheSequence() throws {
        let generator = try Generator(seed: 1)
        _ = try Tensor.rand([11], generator: generator)
        let state = try generator.state()
        let next = try Tensor.randn([33], generator: generator).floats()
        let other = try Generator(seed: 99)
        try other.setState(state)
        #expect(try Tensor.randn([33], generator: other).floats() == next)
        #expect(throws: TensorError.self) { try other.setState([1, 2, 3]) }
    }

    @Test func threadsDoNotDisturbAGenerator() async throws {
        let expected = try Tensor.randn([1000], generator: Generator(seed: 3)).floats()
        try await withThrowingTaskGroup(of: [Float].self) { group in
            for _ in 0..<16 {
                group.addTask { try Tensor.randn([1000], generator: Generator(seed: 3)).floats() }
            }
            for try await values in group { #expect(values == expected) }
        }
    }

    @Test func dropout() throws {
        let x = try Tensor.ones([4000])
        #expect(try x.dropout(0.5, training: false) === x)
        let dropped = try x.dropout(0.25, training: true, generator: Generator(seed: 5)).floats()
        #expect(Set(dropped) == [0, 1 / 0.75])
        let zeros = dropped.filter { $0 == 0 }.count
        #expect((850...1150).contains(zeros))
        #expect(try x.dropout(1, training: true, generator: Generator(seed: 5)).sum().item() == 0)
        let channels = try Tensor.ones([2, 50, 3, 3]).featureDropout(0.5, training: true).sum([2, 3]).floats()
        #expect(Set(channels) == [0, 18])
    }

    @Test func distributions() throws {
        let generator = try Generator(seed: 11)
        let uniform = try Tensor.empty([20_000])
        try uniform.uniformInPlace(-2, 6, generator: generator)
        #expect(try uniform.min().item() >= -2 && uniform.max().item() < 6)
        #expect(try abs(uniform.mean().item() - 2) < 0.05)
        let normal = try Tensor.empty([20_000])
        try normal.normalInPlace(mean: 3, deviation: 2, generator: generator)
        #expect(try abs(normal.mean().item() - 3) < 0.05 && abs(normal.std().item() - 2) < 0.05)
        #expect(throws: TensorError.self) { try Tensor.randint(3..<3, shape: [1], generator: generator) }
    }
}
