import CutisModels
import CutisTensor

/// A weight with its canonical name.
struct Weight {
    let name: String
    let tensor: Tensor
}

/// One copy of the model with its weights.
final class Replica {
    let model: ResNet
    /// Learnable weights with their canonical names, in the order of construction.
    let parameters: [Weight]
    /// Batch-norm statistics with their canonical names.
    let buffers: [Weight]

    /// Makes a model with fresh weights.
    ///
    /// - Parameter trainable: records gradients and takes batch statistics; else the model is for evaluation.
    init(_ config: ResNetConfig, seed: UInt64, trainable: Bool) throws {
        let reader = WeightReader.initialising(generator: try Generator(seed: seed), trainable: trainable)
        model = try ResNet(config, reader)
        try reader.finish()
        model.isTraining = trainable
        parameters = reader.parameters.map { Weight(name: $0.name, tensor: $0.tensor) }
        buffers = reader.buffers.map { Weight(name: $0.name, tensor: $0.tensor) }
    }

    /// All weights, parameters first.
    var state: [Weight] { parameters + buffers }

    /// Takes over the values of another copy.
    func copy(from other: Replica) throws(TensorError) {
        try withoutGrad { () throws(TensorError) in
            try TensorList.copy(state.map(\.tensor), from: other.state.map(\.tensor))
        }
    }
}
