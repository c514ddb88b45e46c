import CutisTensor
import Testing

/// Values that were taken from PyTorch by hand, beside the generated ones.
@Suite struct GoldenTests {
    private func near(_ tensor: Tensor, _ expected: [Float], _ bound: Float) throws -> Bool {
        let values = try tensor.floats()
        return values.count == expected.count && zip(values, expected).allSatisfy { abs($0 - $1) <= bound }
    }

    @Test func interpolation() throws {
        let x = try Tensor.arange(16, dtype: .float32).reshape([1, 1, 4, 4])
        func column(_ mode: InterpolationMode, _ antialias: Bool) throws -> Tensor {
            try x.interpolate(size: [6, 6], mode: mode, antialias: antialias).select(dim: 3, index: 0)
        }
        #expect(try near(column(.bilinear, true), [0, 2, 4.66667, 7.33333, 10, 12], 1e-5))
        #expect(
            try near(column(.bicubic, false), [-0.43403, 1.53819, 4.76505, 7.06134, 10.2882, 12.26042], 1e-4))
        #expect(
            try near(column(.bicubic, true), [-0.32895, 1.58127, 4.60088, 7.26754, 10.28715, 12.19737], 1e-4))
        let small = try x.interpolate(size: [2, 2], mode: .bilinear, antialias: true)
        #expect(try near(small, [3.57143, 5.14286, 9.85714, 11.42857], 1e-5))
        let plain = try x.interpolate(size: [2, 2], mode: .bilinear)
        #expect(try near(plain, [2.5, 4.5, 10.5, 12.5], 1e-6))
    }

    @Test func grids() throws {
        let identity = try Tensor([1.0, 0, 0, 0, 1, 0], shape: [1, 2, 3])
        let grid = try identity.affineGrid(size: [1, 1, 2, 3], alignCorners: true)
        #expect(try near(grid, [-1, -1, 0, -1, 1, -1, -1, 1, 0, 1, 1, 1], 1e-6))
        let x = try Tensor.arange(6, dtype: .float32).reshape([1, 1, 2, 3])
        #expect(try near(x.gridSample(grid, alignCorners: true), [0, 1, 2, 3, 4, 5], 1e-5))
    }

    @Test func poolIndicesAreFlatInEachPlane() throws {
        let x = try Tensor.arange(16, dtype: .float32).reshape([1, 1, 4, 4])
        let pooled = try x.maxPool2dWithIndices(2)
        #expect(try pooled.indices.ints() == [5, 7, 13, 15])
        let back = try pooled.values.maxUnpool2d(pooled.indices, size: 4)
        #expect(try near(back, [0, 0, 0, 0, 0, 5, 0, 7, 0, 0, 0, 0, 0, 13, 0, 15], 0))
    }

    @Test func losses() throws {
        let logits = try Tensor([2, -1, 0.5, 0, 1, -1], shape: [2, 3])
        let (classes, weight) = (try Tensor([0, 2]), try Tensor([1.0, 2, 0.5]))
        #expect(try near(logits.crossEntropy(classes), [1.324459], 1e-6))
        #expect(try near(logits.crossEntropy(classes, weight: weight), [0.963409], 1e-6))
        #expect(try near(logits.crossEntropy(classes, labelSmoothing: 0.1), [1.349459], 1e-6))
        #expect(try near(logits.crossEntropy(classes, weight: weight, labelSmoothing: 0.1), [1.111984], 1e-6))
        #expect(try near(logits.crossEntropy(classes, weight: weight, reduction: .sum), [1.445114], 1e-6))
        let soft = try Tensor([0.5, 0.3, 0.2, 0, 0.1, 0.9], shape: [2, 3])
        #expect(try near(logits.crossEntropy(soft, weight: weight), [1.702259], 1e-6))
        let (z, t) = (try Tensor([2, -1, 0.5]), try Tensor([1.0, 0, 1]))
        #expect(try near(z.binaryCrossEntropyWithLogits(t), [0.304756], 1e-6))
        #expect(try near(z.binaryCrossEntropyWithLogits(t, posWeight: Tensor([3, 1, 0.5])), [0.310361], 1e-6))
    }

    @Test func norms() throws {
        let x = try Tensor([1.0, 2, 4])
        #expect(try near(x.layerNorm([3], eps: 1e-6), [-1.0690445, -0.2672611, 1.3363059], 1e-6))
        #expect(try near(x.layerNorm([3], eps: 1e-3), [-1.0687014, -0.2671753, 1.3358769], 1e-6))
        let (mean, variance) = (try Tensor.zeros([1]), try Tensor.ones([1]))
        _ = try x.reshape([3, 1]).batchNorm(runningMean: mean, runningVar: variance, training: true)
        #expect(try near(mean, [0.2333333], 1e-6))
        #expect(try near(variance, [1.1333334], 1e-6))
    }

    @Test(arguments: [
        (TensorList.Adam?(.init(learningRate: 0.1, weightDecay: 0.05)), TensorList.SGD?.none, [0.694237, -1.671647]),
        (.init(learningRate: 0.1, weightDecay: 0, decoupled: false), nil, [0.707682, -1.7]),
        (nil, .init(learningRate: 0.1, momentum: 0.9, weightDecay: 0.05), [0.687639, -1.553118]),
    ])
    func optimisers(_ adam: TensorList.Adam?, _ sgd: TensorList.SGD?, _ expected: [Float]) throws {
        let p = try Tensor([1.0, -2])
        let (m, v, steps) = (try p.zerosLike(), try p.zerosLike(), try Tensor.scalar(0))
        for t in 1...3 {
            let g = try Tensor([0.3 * Float(t), -0.7])
            if let adam {
                try TensorList.adamStep(
                    [p], gradients: [g], averages: [m], squareAverages: [v], steps: [steps], adam)
            }
            if let sgd {
                try TensorList.sgdStep([p], gradients: [g], buffers: [m], isFirstStep: t == 1, sgd)
            }
        }
        #expect(try near(p, expected, 1e-6))
    }
}
