import CutisOptimization
import CutisTensor
import Testing

@Suite("How an input becomes uint8")
struct RangeTests {
    /// Many small numbers and one, in the last row, that is forty times larger.
    private let values = (0..<3999).map { Float(($0 * 7919) % 1000) / 500 - 1 } + [40]

    /// - Parameter last: for how many rows the last one stands; each other stands for a thousand.
    private func find(
        _ search: OptimizationRequest.RangeSearch, last: Float = 1, takesWhole: Bool = false
    ) throws -> Quantisation {
        let rows = try Tensor(values, shape: [400, 10])
        let weights = try Tensor([Float](repeating: 1000, count: 399) + [last], shape: [400, 1])
        return try ActivationRange(search, takesWhole: takesWhole).find(rows, weights: weights, whole: -1...40)
    }

    @Test func theWholeRangeIsTheWholeRange() throws {
        #expect(try find(.mse, takesWhole: true) == Quantisation(range: -1...40))
    }

    @Test(arguments: OptimizationRequest.RangeSearch.allCases)
    func zeroStaysZero(_ search: OptimizationRequest.RangeSearch) throws {
        let zero = try Tensor([Float(0)])
        #expect(try zero.roundTrip(find(search)).floats() == [0])
    }

    @Test func theFourthPowerCutsLessThanTheSquare() throws {
        let square = try find(.mse).scale
        let fourth = try find(.l4).scale
        #expect(square < fourth)
        #expect(fourth <= Quantisation(range: -1...40).scale)
    }

    @Test func aPercentileLeavesTheRareNumberOutWhereThatIsBetter() throws {
        #expect(try find(.percentile, last: 0).scale < 0.1)
        #expect(try find(.percentile, last: 1e6).scale == Quantisation(range: -1...40).scale)
    }

    @Test func whatLiesInsideIsRoundedAndWhatLiesOutsideIsCut() throws {
        let quantisation = Quantisation(range: -1...1)
        let x = try Tensor([Float(-5), -0.7, 0.3, 5])
        let y = try x.roundTrip(quantisation).floats()
        #expect(abs(y[1] + 0.7) <= Float(quantisation.scale) / 2 + 1e-6)
        #expect(abs(y[2] - 0.3) <= Float(quantisation.scale) / 2 + 1e-6)
        #expect(abs(y[0] + 1) < 0.02)
        #expect(abs(y[3] - 1) < 0.02)
    }

    @Test func calibrationKeepsTheLargestRowAndTheExtremesOfEachChannel() throws {
        let collector = LayerCollector(shapes: ["a": [3, 4]], images: 128)
        var rows = [Float](repeating: 0.5, count: 400)
        rows[4 * 37 + 2] = -9
        try collector.observe("a", Tensor(rows, shape: [1, 100, 4]))
        try collector.observe("other", Tensor(rows, shape: [1, 100, 4]))
        let sample = try #require(collector.samples["a"])
        #expect(collector.samples.count == 1)
        #expect(sample.smallest == [0.5, 0.5, -9, 0.5])
        #expect(sample.largest == [0.5, 0.5, 0.5, 0.5])
        #expect(Array(sample.values.prefix(4)) == [0.5, 0.5, -9, 0.5])
        #expect(sample.weights == [1, 49.5, 49.5])
    }

    @Test func aPatchHasItsNeighboursInTheOrderOfTheKernelAndZerosOutside() throws {
        let collector = LayerCollector(shapes: ["c": [1, 2, 3, 3]], images: 128)
        // The largest number is in the corner, so that part of its patch is padding.
        let plane: [Float] = [90, 1, 2, 3, 4, 5, 6, 7, 8]
        try collector.observe("c", Tensor(plane + plane.map { $0 / 10 }, shape: [1, 2, 3, 3]))
        let sample = try #require(collector.samples["c"])
        #expect(Array(sample.values.prefix(9)) == [0, 0, 0, 0, 90, 1, 0, 3, 4])
        #expect(Array(sample.values[9..<18]) == [0, 0, 0, 0, 9, 0.1, 0, 0.3, 0.4])
    }
}
