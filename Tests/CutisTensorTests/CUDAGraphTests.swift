import CutisTensor
import Testing

/// CUDA graphs and page-locked copies: refused by name without a GPU, equal to the unrecorded pass with one.
@Suite struct CUDAGraphTests {
    /// The GPU to test on; nil, and one line that says so, on other machines.
    private static let device: Device? = {
        if Runtime.isCUDAAvailable, CUDAGraph.isBuilt { return .cuda(0) }
        print("no GPU (or no CUDA headers in the build): CUDA graphs are not tested on this machine")
        return nil
    }()

    private struct Purposeful: Error {}

    private func failure(_ body: () throws -> Void) -> (any Error)? {
        do { try body() } catch { return error }
        return nil
    }

    @Test func refusedWithoutCUDA() throws {
        let x = try Tensor.zeros([2, 3])
        let error = failure { _ = try CUDAGraph(input: x) { $0 } } as? TensorError
        #expect(error?.operation == "CUDAGraph")
        if CUDAGraph.isBuilt {
            #expect(error?.code == .device)
            #expect(error?.message == "the input of a CUDA graph must be on a CUDA device")
        } else {
            #expect(error?.code == .unsupported)
            #expect(
                error?.message.hasPrefix(Runtime.isBuiltWithCUDA ? "this build cannot" : "CUDA graphs need") == true)
        }
        guard !Runtime.isCUDAAvailable else { return }
        let pinned = failure { _ = try Tensor.pinned([1, 2], shape: [2]) } as? TensorError
        #expect(pinned?.code == .unsupported)
        #expect(pinned?.message == "page-locked memory needs a CUDA device, and LibTorch sees none")
        let moved = failure { _ = try x.toWithoutWaiting(.cuda(0)) } as? TensorError
        #expect(moved?.code == .device)
        #expect(try x.toWithoutWaiting(.cpu).isEqual(to: x))
    }

    /// Without a GPU every pass of the cache runs as it is, in the right type, and keeps nothing.
    @Test func cacheFallsBackToThePassItself() throws {
        let cache = CUDAGraphCache<Int>(limit: 2)
        var calls = 0
        for round in 1...3 {
            let x = try Tensor([Float(round), 2], shape: [1, 2])
            let y = try cache(0, x, on: .cpu, dtype: .bfloat16) { input in
                calls += 1
                #expect(input.dtype == .bfloat16)
                return try input * 2
            }
            #expect(try y.floats() == [Float(2 * round), 4])
        }
        #expect(calls == 3 && cache.recordedCount == 0)
        // On the CPU a build with CUDA headers tries to record, once, and says why it cannot.
        #expect((cache.refusal != nil) == CUDAGraph.isBuilt)
        #expect(
            failure { _ = try cache(1, .zeros([1]), on: .cpu, dtype: .float32) { _ in throw Purposeful() } }
                is Purposeful)
    }

    @Test(arguments: [DType.float32, .float16, .bfloat16])
    func replaysEqualThePass(_ dtype: DType) throws {
        guard let device = Self.device else { return }
        try withoutGrad {
            let weight = try Tensor.randn([32, 16], generator: Generator(seed: 1)).to(device).to(dtype)
            let pass = { (x: Tensor) in try x.linear(weight).gelu().softmax(dim: -1) }
            let inputs = try (0..<3).map { try Tensor.randn([4, 16], generator: Generator(seed: 2 + UInt64($0))) }
            let graph = try CUDAGraph(input: Tensor.zeros([4, 16], dtype: dtype, device: device), pass)
            let replayed = try inputs.map { try graph.replay($0) }
            for (x, y) in zip(inputs, replayed) {
                let expected = try pass(x.to(device).to(dtype))
                #expect(try (y.to(.float32) - expected.to(.float32)).abs().max().item() < 1e-6)
            }
            let other = failure { _ = try graph.replay(Tensor.zeros([5, 16])) } as? TensorError
            #expect(other?.code == .shape)
        }
    }

    @Test func cacheRecordsTheSecondTimeAndStaysBounded() throws {
        guard let device = Self.device else { return }
        try withoutGrad {
            let cache = CUDAGraphCache<Int>(limit: 2)
            for (index, rows) in [1, 1, 1, 2, 2, 3, 3, 1].enumerated() {
                let values = (0..<rows).map { Float(index + $0) }
                let x = try Tensor.pinned(values, shape: [rows])
                let y = try cache(0, x, on: device, dtype: .float32) { try $0 * 3 + 1 }
                #expect(try y.floats() == values.map { 3 * $0 + 1 })
                #expect(cache.recordedCount <= 2)
            }
            #expect(cache.refusal == nil)
        }
    }

    @Test func aFailedRecordingLeavesTheDeviceUsable() throws {
        guard let device = Self.device else { return }
        let input = try Tensor.zeros([2], device: device)
        #expect(failure { _ = try CUDAGraph(input: input) { _ in throw Purposeful() } } is Purposeful)
        // Reading from the device cannot be recorded.
        #expect(failure { _ = try CUDAGraph(input: input) { try $0 * $0.sum().item() } } != nil)
        #expect(try (input + 1).floats() == [1, 1])
        let graph = try CUDAGraph(input: input) { try $0 + 2 }
        #expect(try graph.replay(Tensor([1, 5], shape: [2]).to(.float32)).floats() == [3, 7])
    }
}
