import CutisTensor
import Testing

/// Shapes, parts, joins.
@Suite struct ViewTests {
    private func grid() throws -> Tensor { try Tensor.arange(6).reshape([2, 3]) }

    @Test func shapes() throws {
        let x = try grid()
        #expect(try x.reshape([3, -1]).shape == [3, 2])
        #expect(try x.view([6]).ints() == [0, 1, 2, 3, 4, 5])
        #expect(try x.transpose(0, 1).ints() == [0, 3, 1, 4, 2, 5])
        #expect(throws: TensorError.self) { try x.transpose(0, 1).view([6]) }
        #expect(try x.unsqueeze(0).permute([2, 0, 1]).shape == [3, 1, 2])
        #expect(try x.unsqueeze(1).unsqueeze(0).squeeze(0).shape == [2, 1, 3])
        #expect(try x.unsqueeze(1).unsqueeze(0).squeeze().shape == [2, 3])
        #expect(try Tensor.zeros([2, 3, 4, 5]).flatten(from: 1, to: 2).shape == [2, 12, 5])
        #expect(try Tensor.zeros([2, 1, 4]).expand([-1, 3, -1]).shape == [2, 3, 4])
        #expect(try Tensor([1, 2]).repeat([2, 2]).ints() == [1, 2, 1, 2, 1, 2, 1, 2])
    }

    @Test func parts() throws {
        let x = try grid()
        #expect(try x[1].ints() == [3, 4, 5])
        #expect(try x[-1].ints() == [3, 4, 5])
        #expect(try x[0..<1].shape == [1, 3])
        #expect(try x.narrow(dim: 1, start: 1, length: 2).ints() == [1, 2, 4, 5])
        #expect(try x.slice(dim: 1, 0..<99, step: 2).ints() == [0, 2, 3, 5])
        #expect(try x.select(dim: 1, index: 0).ints() == [0, 3])
        #expect(try x.flip([1]).ints() == [2, 1, 0, 5, 4, 3])
        #expect(try x.roll(1, dim: 1).ints() == [2, 0, 1, 5, 3, 4])
        #expect(try Tensor.ones([2, 2]).upperTriangle().floats() == [1, 1, 0, 1])
        #expect(try Tensor.ones([2, 2]).lowerTriangle(diagonal: -1).floats() == [0, 0, 1, 0])
        #expect(try x.split(2, dim: 1).map { try $0.ints() } == [[0, 1, 3, 4], [2, 5]])
        #expect(try x.split([1, 2], dim: 1).map(\.shape) == [[2, 1], [2, 2]])
        #expect(try Tensor.arange(7).chunk(3).map(\.count) == [3, 3, 1])
        #expect(try Tensor.arange(6).chunk(3).map(\.count) == [2, 2, 2])
    }

    @Test func viewsShareMemory() throws {
        let x = try grid()
        try x[0].fillInPlace(9)
        #expect(try x.ints() == [9, 9, 9, 3, 4, 5])
    }

    @Test func joinsAndPicks() throws {
        let x = try grid()
        #expect(try Tensor.cat([x, x], dim: 1).shape == [2, 6])
        #expect(try Tensor.stack([x, x], dim: 1).shape == [2, 2, 3])
        #expect(try x.indexSelect(dim: 1, Tensor([2, 0])).ints() == [2, 0, 5, 3])
        let index = try Tensor([1, 0], shape: [2, 1])
        #expect(try x.gather(dim: 1, index).ints() == [1, 3])
        let source = try Tensor([10, 20], shape: [2, 1])
        #expect(try x.scatter(dim: 1, index, source).ints() == [0, 10, 2, 20, 4, 5])
        #expect(try x.scatterAdd(dim: 1, index, source).ints() == [0, 11, 2, 23, 4, 5])
        #expect(try x.maskedSelect(x.gt(3)).ints() == [4, 5])
        #expect(try x.gt(3).nonzero().ints() == [1, 1, 1, 2])
        #expect(try Tensor([2, 0]).oneHot(3).ints() == [0, 0, 1, 1, 0, 0])
        #expect(try x.embedding(Tensor([1, 1])).ints() == [3, 4, 5, 3, 4, 5])
        #expect(
            try Tensor([0, 2, 2]).bincount(weights: Tensor([0.5, 1, 2]), minimumLength: 4).floats() == [0.5, 0, 3, 0])
        #expect(try x.gt(3).any().bools() == [true] && x.gt(3).all().bools() == [false])
    }

    @Test func changesInPlace() throws {
        let x = try Tensor([1.0, 2, 3])
        let y = try Tensor([4.0, 5, 6])
        try x.addInPlace(y, alpha: 0.5)
        #expect(try x.floats() == [3, 4.5, 6])
        try x.addInPlace(1)
        try x.mulInPlace(y)
        #expect(try x.floats() == [16, 27.5, 42])
        try x.divInPlace(y)
        try x.mulInPlace(0.5)
        #expect(try x.floats() == [2, 2.75, 3.5])
        try x.lerpInPlace(y, 0.5)
        #expect(try x.floats() == [3, 3.875, 4.75])
        try x.clampInPlace(min: 3.5, max: 4)
        #expect(try x.floats() == [3.5, 3.875, 4])
        try x.copyInPlace(from: Tensor([1, 2, 3]))
        try x.addcmulInPlace(y, y, value: 2)
        #expect(try x.floats() == [33, 52, 75])
        try x.addcdivInPlace(y, y, value: -1)
        #expect(try x.floats() == [32, 51, 74])
        try x.zeroInPlace()
        #expect(try x.floats() == [0, 0, 0])
        #expect(throws: TensorError.self) { try x.addInPlace(.zeros([2])) }
    }
}
