package import CutisTensor

/// Moves parameters along their gradients; its state is saved with a checkpoint.
package protocol Optimiser: AnyObject {
    /// Moves every parameter by one step.
    ///
    /// - Parameters:
    ///   - gradients: one for each parameter, of its shape; they are only read.
    ///   - rate: the schedule's learning rate of this step, which each group takes its share of.
    func step(gradients: [Tensor], rate: Double) throws(TensorError)

    /// The tensors that a checkpoint keeps, by stable names; copying into them restores the state.
    var state: [(name: String, tensor: Tensor)] { get }
}

/// What the fused steps need of the tensors that they are given.
enum FusedStep {
    /// Zeros for each parameter, in plain memory order, on its device.
    ///
    /// The fused steps read memory without looking at strides, so parameters of another order are refused.
    static func zeros(like parameters: [Tensor]) throws(TensorError) -> [Tensor] {
        try withoutGrad { () throws(TensorError) in
            var result: [Tensor] = []
            for parameter in parameters {
                guard parameter.dtype == .float32, parameter.isContiguous() else {
                    throw TensorError(
                        .argument, "Optimiser", operands: [parameter],
                        message: "parameters must be float32 in plain memory order")
                }
                result.append(try parameter.detach().zerosLike())
            }
            return result
        }
    }

    /// The gradients in plain memory order: convolutions may give channels-last ones.
    static func plain(_ gradients: [Tensor], for parameters: [Tensor]) throws(TensorError) -> [Tensor] {
        guard gradients.count == parameters.count else {
            throw TensorError(
                .argument, "Optimiser",
                message: "\(gradients.count) gradients do not fit \(parameters.count) parameters")
        }
        var result: [Tensor] = []
        for (gradient, parameter) in zip(gradients, parameters) {
            guard gradient.shape == parameter.shape, gradient.dtype == parameter.dtype else {
                throw TensorError(
                    .shape, "Optimiser", operands: [parameter, gradient],
                    message: "the gradient does not fit its parameter")
            }
            result.append(try gradient.contiguous())
        }
        return result
    }
}
