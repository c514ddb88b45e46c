import CutisTensor
import Testing

/// Whole parameter lists, and the library as a whole.
@Suite struct TensorListTests {
    private func lists() throws -> ([Tensor], [Tensor]) {
        (try [Tensor([1.0, 2]), Tensor([3.0])], try [Tensor([10.0, 20]), Tensor([30.0])])
    }

    private func values(_ list: [Tensor]) throws -> [[Float]] { try list.map { try $0.floats() } }

    @Test func changes() throws {
        let (x, y) = try lists()
        try TensorList.add(x, y, alpha: 0.1)
        #expect(try values(x) == [[2, 4], [6]])
        try TensorList.add(x, 1)
        try TensorList.multiply(x, 2)
        #expect(try values(x) == [[6, 10], [14]])
        try TensorList.multiply(x, Tensor.scalar(0.5))
        try TensorList.lerp(x, y, 0.5)
        #expect(try values(x) == [[6.5, 12.5], [18.5]])
        try TensorList.copy(x, from: y)
        #expect(try values(x) == [[10, 20], [30]])
        try TensorList.zero(x)
        #expect(try values(x) == [[0, 0], [0]])
    }

    @Test func clipping() throws {
        let gradients = try [Tensor([3.0, 0]), Tensor([4.0])]
        #expect(try TensorList.norm(gradients).item() == 5)
        #expect(try TensorList.norm(gradients, order: 1).item() == 7)
        #expect(try TensorList.clipNorm(gradients, maximum: 10) == 5)
        #expect(try values(gradients) == [[3, 0], [4]])
        #expect(try TensorList.clipNorm(gradients, maximum: 1) == 5)
        #expect(try abs(TensorList.norm(gradients).item() - 1) < 1e-6)
        try gradients[0].fillInPlace(Double.nan)
        #expect(try TensorList.clipNorm(gradients, maximum: 1).isNaN)
        #expect(try gradients[1].allFinite())
    }

    @Test func emptyAndUnequalLists() throws {
        let (x, y) = try lists()
        try TensorList.add([], [])
        try TensorList.add([], 1)
        try TensorList.multiply([], 2)
        try TensorList.zero([])
        try TensorList.adamStep([], gradients: [], averages: [], squareAverages: [], steps: [], .init())
        #expect(try TensorList.norm([]).item() == 0)
        #expect(throws: TensorError.self) { try TensorList.add(x, [y[0]]) }
        #expect(throws: TensorError.self) { try TensorList.copy(x, from: y + y) }
        #expect(throws: TensorError.self) { try TensorList.lerp(x, [y[1], .zeros([5])], 0.5) }
        #expect(throws: TensorError.self) {
            try TensorList.sgdStep(x, gradients: y, buffers: [], isFirstStep: true, .init(momentum: 0.9))
        }
    }

    @Test func runtime() throws {
        try Runtime.check()
        #expect(Runtime.version.hasPrefix("2.1"))
        #expect(Runtime.configuration.contains("LibTorch \(Runtime.version)"))
        #expect(Runtime.threads >= 1)
        #expect(Runtime.isCUDAAvailable == (Runtime.cudaDeviceCount > 0))
        try Runtime.synchronize(.cpu)
        try Runtime.emptyCache()
        #expect(throws: TensorError.self) { try Runtime.memory(.cpu) }
        #expect(Device.cuda(1).description == "cuda:1" && Device.cpu.description == "cpu")
    }
}
