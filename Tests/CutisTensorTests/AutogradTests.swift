import CutisTensor
import Foundation
import Testing

/// Gradients, and the scopes that belong to a thread.
@Suite struct AutogradTests {
    @Test func gradientOfAPolynomial() throws {
        let x = try Tensor([1.0, 2, 3]).settingRequiresGrad(true)
        let y = try (x * x * x).sum()
        #expect(y.requiresGrad && !y.isLeaf && x.isLeaf)
        #expect(try Tensor.gradients(of: y, withRespectTo: [x])[0].floats() == [3, 12, 27])
    }

    @Test func secondDerivative() throws {
        let x = try Tensor([2.0]).settingRequiresGrad(true)
        let first = try Tensor.gradients(of: x.pow(3).sum(), withRespectTo: [x], createGraph: true)[0]
        #expect(try first.item() == 12)
        #expect(try Tensor.gradients(of: first.sum(), withRespectTo: [x])[0].item() == 12)
    }

    @Test func weightsAndUnused() throws {
        let x = try Tensor([1.0, 2]).settingRequiresGrad(true)
        let unused = try Tensor([1.0]).settingRequiresGrad(true)
        let y = try x * x
        let weights = try Tensor([1.0, 10])
        let gradients = try Tensor.gradients(
            of: y, withRespectTo: [x, unused], allowUnused: true, weights: weights, retainGraph: true)
        #expect(try gradients[0]?.floats() == [2, 40])
        #expect(gradients[1] == nil)
        // The graph was retained once, and is gone after this.
        #expect(try Tensor.gradients(of: y, withRespectTo: [x], weights: weights)[0].floats() == [2, 40])
        #expect(throws: TensorError.self) { try Tensor.gradients(of: y, withRespectTo: [x], weights: weights) }
    }

    @Test func intermediateResultsHaveGradients() throws {
        let image = try Tensor.ones([1, 1, 4, 4]).settingRequiresGrad(true)
        let features = try image * 2
        let score = try features.square().mean()
        let gradient = try Tensor.gradients(of: score, withRespectTo: [features])[0]
        #expect(gradient.shape == [1, 1, 4, 4])
        #expect(try gradient.floats().allSatisfy { $0 == 0.25 })
    }

    @Test func scopesNestAndEndOnThrow() throws {
        struct Stop: Error {}
        let x = try Tensor([1.0]).settingRequiresGrad(true)
        #expect(isGradEnabled)
        try withoutGrad {
            #expect(!isGradEnabled)
            #expect(try !(x * 2).requiresGrad)
            let recorded = try withGrad { () throws(TensorError) in try x * 2 }
            #expect(recorded.requiresGrad)
            #expect(!isGradEnabled)
        }
        #expect(throws: Stop.self) { try withInferenceMode { throw Stop() } }
        #expect(isGradEnabled)
    }

    @Test func inferenceResultsStayOutOfGraphs() throws {
        let x = try Tensor([1.0]).settingRequiresGrad(true)
        let made = try withInferenceMode { () throws(TensorError) in try Tensor.ones([1]) * 2 }
        #expect(try made.item() == 2)
        #expect(throws: TensorError.self) { try x * made }
        #expect(try (x.detach() * made).item() == 2)
    }

    @Test func modesBelongToTheThread() throws {
        // Invariant: written before `done` is signalled and read after it.
        nonisolated(unsafe) var elsewhere = false
        let done = DispatchSemaphore(value: 0)
        withoutGrad {
            Thread {
                elsewhere = isGradEnabled
                done.signal()
            }.start()
            done.wait()
            #expect(!isGradEnabled)
        }
        #expect(elsewhere)
    }

    @Test func parametersChangeOnlyWithoutGrad() throws {
        let parameter = try Tensor([1.0, 2]).settingRequiresGrad(true)
        #expect(throws: TensorError.self) { try parameter.mulInPlace(2) }
        try withoutGrad { () throws(TensorError) in try parameter.mulInPlace(2) }
        #expect(try parameter.floats() == [2, 4])
        #expect(parameter.requiresGrad)
        let result = try parameter * 1
        #expect(throws: TensorError.self) { try result.settingRequiresGrad(false) }
        #expect(try !result.detach().requiresGrad)
    }

    /// A convolution on channels-last memory gives the same values and gradients.
    @Test func channelsLast() throws {
        let generator = try Generator(seed: 2)
        let image = try Tensor.randn([2, 8, 9, 7], generator: generator)
        let weight = try Tensor.randn([4, 8, 3, 3], generator: generator).settingRequiresGrad(true)
        let plain = try image.conv2d(weight, padding: 1)
        let moved = try image.contiguous(.channelsLast)
        #expect(moved.shape == image.shape && moved.isContiguous(.channelsLast) && !moved.isContiguous())
        #expect(try moved.contiguous(.channelsLast) === moved)
        #expect(try moved.floats() == image.floats())
        let result = try moved.conv2d(weight.contiguous(.channelsLast), padding: 1)
        #expect(try (plain - result).abs().max().item() < 1e-4)
        let expected = try Tensor.gradients(of: plain.square().sum(), withRespectTo: [weight])[0]
        let actual = try Tensor.gradients(of: result.square().sum(), withRespectTo: [weight])[0]
        #expect(try ((expected - actual).abs().max() / expected.abs().max()).item() < 1e-5)
        #expect(try !Tensor.zeros([2]).isContiguous(.channelsLast))
        #expect(throws: TensorError.self) { try Tensor.zeros([2]).contiguous(.channelsLast) }
    }
}
