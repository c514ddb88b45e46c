import CutisTensor
import Testing

/// Values from the host and back: element types, raw bytes, sizes.
@Suite struct HostTests {
    @Test func literalsPickTheirTypes() throws {
        #expect(try Tensor([0.5, 1]).dtype == .float32)
        #expect(try Tensor([1, 2]).dtype == .int64)
        let doubles: [Double] = [0.1]
        #expect(try Tensor(doubles).dtype == .float64)
        #expect(try Tensor([true, false]).dtype == .bool)
        #expect(try Tensor([UInt8(3)]).dtype == .uint8)
        #expect(try Tensor([Int32(3)]).dtype == .int32)
    }

    @Test func metadata() throws {
        let x = try Tensor([1, 2, 3, 4, 5, 6], shape: [1, 2, 3])
        #expect(x.shape == [1, 2, 3] && x.rank == 3 && x.count == 6)
        #expect(x.device == .cpu && !x.requiresGrad && x.isLeaf)
        #expect(x.description == "Tensor([1, 2, 3] int64)")
        let number = try Tensor.scalar(2.5)
        #expect(number.shape == [] && number.count == 1)
        #expect(try number.item() == 2.5)
        #expect(try number.itemInt() == 2)
    }

    @Test func emptyTensorsWork() throws {
        let x = try Tensor([Float](), shape: [0, 4])
        #expect(try x.floats() == [] && x.rawBytes() == [] && x.allFinite())
        #expect(try Tensor(rawBytes: [], shape: [0], dtype: .float16).count == 0)
        #expect(try x.sum().item() == 0)
    }

    @Test(arguments: DType.allCases)
    func rawBytesRoundTrip(_ dtype: DType) throws {
        let x = try Tensor([0, 1, 1, 0, 1, 0]).to(dtype).reshape([2, 3])
        let bytes = try x.rawBytes()
        #expect(bytes.count == 6 * dtype.byteWidth)
        let copy = try Tensor(rawBytes: bytes, shape: [2, 3], dtype: dtype)
        #expect(try copy.isEqual(to: x))
        #expect(try copy.ints() == [0, 1, 1, 0, 1, 0])
        // Row-major bytes of a view that is not: the transpose.
        let turned = try Tensor(rawBytes: x.transpose(0, 1).rawBytes(), shape: [3, 2], dtype: dtype)
        #expect(try turned.ints() == [0, 0, 1, 1, 1, 0])
        var buffer = [UInt8](repeating: 9, count: bytes.count)
        try buffer.withUnsafeMutableBytes { try x.copyRawBytes(to: $0) }
        #expect(buffer == bytes)
    }

    @Test func wrongByteCountsAreRefused() throws {
        #expect(throws: TensorError.self) { try Tensor(rawBytes: [0, 0, 0], shape: [1], dtype: .float32) }
        #expect(throws: TensorError.self) { try Tensor(rawBytes: [], shape: [.max, 8], dtype: .float64) }
        var buffer: [UInt8] = [1]
        #expect(throws: TensorError.self) {
            try buffer.withUnsafeMutableBytes { try Tensor.zeros([1]).copyRawBytes(to: $0) }
        }
        #expect(buffer == [1])
    }

    @Test func foreignBoolsBecomeZeroOrOne() throws {
        let x = try Tensor(rawBytes: [0, 1, 2, 255], shape: [4], dtype: .bool)
        #expect(try x.rawBytes() == [0, 1, 1, 1])
        #expect(try x.bools() == [false, true, true, true])
    }

    /// IEEE 754 half precision: ties to even, overflow, subnormals, NaN.
    @Test func halfPrecision() throws {
        let values: [Float] = [1, 1 + 1 / 2048, 1 + 3 / 2048, 65504, 65520, 6e-8, 2e-8, -0.0, .infinity, .nan]
        let bits = try halves(Tensor(values).to(.float16).rawBytes())
        #expect(bits.dropLast() == [0x3C00, 0x3C00, 0x3C02, 0x7BFF, 0x7C00, 0x0001, 0x0000, 0x8000, 0x7C00])
        #expect((bits.last ?? 0) & 0x7FFF > 0x7C00)
        let back = try Tensor(rawBytes: [0x01, 0x3C, 0xFF, 0x7B], shape: [2], dtype: .float16).floats()
        #expect(back == [1 + 1 / 1024, 65504])
    }

    /// bfloat16: the upper half of a float32, rounded to even.
    @Test func brainFloat() throws {
        let values: [Float] = [1, 1 + 1 / 256, 1 + 3 / 256, 3.3895314e38, -2.5]
        #expect(
            try halves(Tensor(values).to(.bfloat16).rawBytes()) == [0x3F80, 0x3F80, 0x3F82, 0x7F7F, 0xC020])
    }

    private func halves(_ bytes: [UInt8]) -> [UInt16] {
        stride(from: 0, to: bytes.count, by: 2).map { UInt16(bytes[$0]) | UInt16(bytes[$0 + 1]) << 8 }
    }

    /// One bad element anywhere is found, in every floating-point type: vector body, tail and border elements.
    @Test(arguments: [DType.float32, .float16, .bfloat16, .float64], [Float.nan, .infinity, -.infinity])
    func notFiniteIsFound(_ dtype: DType, _ bad: Float) throws {
        for count in [1, 7, 64, 1000, 40_000] {
            for position in Set([0, count / 2, count - 1]) {
                var values = [Float](repeating: 0.5, count: count)
                #expect(try Tensor(values).to(dtype).allFinite())
                values[position] = bad
                #expect(try !Tensor(values).to(dtype).allFinite(), "\(dtype), \(bad) at \(position) of \(count)")
            }
        }
        #expect(try Tensor([1, 2]).allFinite())
        #expect(try Tensor([Float.nan, 1]).isNaN().bools() == [true, false])
        #expect(try Tensor([Float.nan, 1, .infinity]).isFinite().bools() == [false, true, false])
    }

    @Test func creation() throws {
        #expect(try Tensor.arange(4).ints() == [0, 1, 2, 3])
        #expect(try Tensor.arange(1, 2, step: 0.25, dtype: .float32).floats() == [1, 1.25, 1.5, 1.75])
        #expect(try Tensor.linspace(0, 1, count: 3).floats() == [0, 0.5, 1])
        #expect(try Tensor.eye(2).floats() == [1, 0, 0, 1])
        #expect(try Tensor.full([2], 7, dtype: .int16).ints() == [7, 7])
        #expect(try Tensor.ones([2], dtype: .bfloat16).zerosLike().dtype == .bfloat16)
        #expect(try Tensor.empty([3, 2]).count == 6)
    }
}
