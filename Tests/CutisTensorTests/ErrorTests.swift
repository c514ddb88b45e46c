import CutisTensor
import Testing

/// Refusals reach Swift as data: code, operation, operands and LibTorch's own sentence.
@Suite struct ErrorTests {
    /// The error that `body` throws.
    private func refusal(_ body: () throws(TensorError) -> Tensor) throws -> TensorError {
        do {
            _ = try body()
        } catch {
            return error
        }
        throw NothingThrown()
    }

    private struct NothingThrown: Error {}

    @Test func shapeErrorCarriesOperationAndShapes() throws {
        let (a, b) = (try Tensor.zeros([2, 3]), try Tensor.zeros([4, 5], dtype: .float64))
        let error = try refusal { () throws(TensorError) in try a.matmul(b) }
        #expect(error.code == .shape)
        #expect(error.operation == "matmul")
        #expect(error.operands.map(\.shape) == [[2, 3], [4, 5]])
        #expect(error.operands.map(\.dtype) == [.float32, .float64])
        #expect(error.operands.map(\.device) == [.cpu, .cpu])
        #expect(error.message == "mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)")
        #expect(
            error.description
                == "matmul([2, 3] float32, [4, 5] float64): mat1 and mat2 shapes cannot be multiplied (2x3 and 4x5)")
    }

    @Test func operatorsThrow() throws {
        let (a, b) = (try Tensor.zeros([2]), try Tensor.zeros([3]))
        let error = try refusal { () throws(TensorError) in try 2 * a + b / 3 }
        #expect(error.operation == "+" && error.code == .shape)
        #expect(error.operands.map(\.shape) == [[2], [3]])
    }

    @Test func absentOperandsAreLeftOut() throws {
        let (x, weight) = (try Tensor.zeros([1, 4]), try Tensor.zeros([3, 5]))
        let error = try refusal { () throws(TensorError) in try x.linear(weight) }
        #expect(error.operands.map(\.shape) == [[1, 4], [3, 5]])
    }

    @Test func typeErrors() throws {
        let integers = try Tensor([1, 2])
        #expect(try refusal { () throws(TensorError) in try integers.mean() }.code == .type)
        #expect(try refusal { () throws(TensorError) in try integers.settingRequiresGrad(true) }.code == .type)
    }

    @Test func indexErrors() throws {
        let x = try Tensor.zeros([2, 3])
        #expect(try refusal { () throws(TensorError) in try x[2] }.code == .index)
        #expect(throws: TensorError.self) { try x[Int.min..<Int.max] }
        #expect(try refusal { () throws(TensorError) in try x.argmax(dim: 5) }.code == .index)
        #expect(throws: TensorError.self) { try x.size(-3) }
        #expect(try x.size(-1) == 3)
    }

    @Test func memoryErrors() throws {
        let error = try refusal { () throws(TensorError) in try .empty([1 << 50]) }
        #expect(error.code == .memory)
        #expect(try refusal { () throws(TensorError) in try .empty([.max, .max]) }.code == .shape)
        // A view of one element that stands for more than memory holds: reading it must not end the process.
        let expanded = try Tensor.zeros([1]).expand([1 << 50])
        #expect(throws: TensorError.self) { try expanded.floats() }
        #expect(throws: TensorError.self) { try expanded.rawBytes() }
    }

    @Test func deviceErrors() throws {
        #expect(try refusal { () throws(TensorError) in try .zeros([1], device: .cuda(999)) }.code == .device)
        #expect(try refusal { () throws(TensorError) in try .zeros([1], device: .cuda(-1)) }.code == .argument)
        #expect(throws: TensorError.self) { try Generator(seed: 1, device: .cuda(999)) }
    }

    @Test func argumentErrors() throws {
        let x = try Tensor.zeros([2, 3])
        #expect(throws: TensorError.self) { try x.item() }
        #expect(throws: TensorError.self) { try x.split(0) }
        #expect(throws: TensorError.self) { try x.split([1, 1], dim: 1) }
        #expect(throws: TensorError.self) { try x.chunk(0) }
        #expect(
            try refusal { () throws(TensorError) in try x.interpolate(size: [3], mode: .nearest) }.code == .argument)
        #expect(throws: TensorError.self) { try Tensor.stack([]) }
        #expect(throws: TensorError.self) { try Tensor([1, 2, 3], shape: [2]) }
    }

    @Test func gradientErrors() throws {
        let x = try Tensor.ones([2])
        let error = try refusal { () throws(TensorError) in
            try Tensor.gradients(of: x.sum(), withRespectTo: [x])[0]
        }
        #expect(error.code == .gradient && error.operation == "gradients")
        try x.settingRequiresGrad(true)
        #expect(throws: TensorError.self) { try Tensor.gradients(of: x * 2, withRespectTo: [x]) }
        #expect(throws: TensorError.self) { try Tensor.gradients(of: x.sum(), withRespectTo: [x, .ones([1])]) }
    }

    @Test func errorsOfOneThreadDoNotMeetThoseOfAnother() async throws {
        try await withThrowingTaskGroup(of: Void.self) { group in
            for n in 1...40 {
                group.addTask {
                    for _ in 0..<50 {
                        do {
                            _ = try Tensor.zeros([n, n + 1]).matmul(.zeros([n, n + 1]))
                            Issue.record("a product of [\(n), \(n + 1)] with itself was accepted")
                        } catch let error as TensorError {
                            #expect(error.message.contains("(\(n)x\(n + 1) and \(n)x\(n + 1))"))
                        }
                    }
                }
            }
            try await group.waitForAll()
        }
    }
}
