import CutisCore
package import CutisModels
package import CutisTensor

/// A network with its weights, of which all or a part is trained.
package final class TrainableModel {
    /// The network and its numbers.
    package let configuration: ModelConfiguration
    /// Learnable weights with their canonical names, in the order of construction.
    package let parameters: [NamedTensor]
    /// Batch-norm statistics with their canonical names.
    package let buffers: [NamedTensor]
    /// Those of `parameters` that are trained; the others record no gradients and stay as they are.
    package private(set) var trained: [NamedTensor]
    /// What became of every tensor of the checkpoint; nil where training starts from nothing.
    package internal(set) var loadReport: LoadReport?

    private enum Network {
        case visionTransformer(VisionTransformer)
        case resNet(ResNet)
    }

    private let network: Network

    /// Makes a network with fresh weights by the published initialisation of its architecture (torchvision's): for
    /// transformers Glorot-uniform layers, positions of deviation 0.02, patches cut normal of deviation √(1/inputs) and
    /// a head of zeros; for residual networks He-normal convolutions by fan out.
    ///
    /// - Parameters:
    ///   - seed: the same seed gives the same weights.
    ///   - trainable: records gradients; else the model is for evaluation.
    /// - Throws: `.configInvalid`, `TensorError`.
    package init(
        _ configuration: ModelConfiguration, seed: UInt64, trainable: Bool = true, device: Device = .cpu
    ) throws {
        let reader = WeightReader.initialising(
            generator: try Generator(seed: seed, device: device), device: device, trainable: trainable)
        switch configuration {
        case .visionTransformer(let config): network = .visionTransformer(try VisionTransformer(config, reader))
        case .resNet(let config): network = .resNet(try ResNet(config, reader))
        }
        try reader.finish()
        self.configuration = configuration
        parameters = reader.parameters
        buffers = reader.buffers
        trained = trainable ? reader.parameters : []
        isTraining = trainable
        applyTraining()
    }

    /// Whether batch statistics and dropout are those of training; norms that are frozen keep their statistics.
    package var isTraining: Bool { didSet { applyTraining() } }

    private func applyTraining() {
        switch network {
        case .visionTransformer(let model): model.isTraining = isTraining
        case .resNet(let model): model.isTraining = isTraining
        }
    }

    /// Whether blocks are computed again in the backward pass instead of being kept.
    package var isCheckpointing = false {
        didSet {
            switch network {
            case .visionTransformer(let model): model.checkpointing = isCheckpointing
            case .resNet(let model): model.checkpointing = isCheckpointing
            }
        }
    }

    /// What dropout draws from in training; nil takes the process-wide generator.
    package var generator: Generator? {
        didSet {
            switch network {
            case .visionTransformer(let model): model.generator = generator
            case .resNet(let model): model.generator = generator
            }
        }
    }

    /// All weights, parameters first.
    package var state: [NamedTensor] { parameters + buffers }

    /// Logits [batch, classes].
    ///
    /// - Parameter x: [batch, channels, height, width], preprocessed.
    package func callAsFunction(_ x: Tensor) throws -> Tensor {
        switch network {
        case .visionTransformer(let model): try model(x)
        case .resNet(let model): try model(x)
        }
    }

    /// Takes over the values of another copy.
    package func copy(from other: TrainableModel) throws(TensorError) {
        try withoutGrad { () throws(TensorError) in
            try TensorList.copy(state.map(\.tensor), from: other.state.map(\.tensor))
        }
    }

    /// Stops training what a rule names. Batch norms whose weights are frozen keep their statistics too.
    ///
    /// - Throws: `.configInvalid` where the network has fewer layers, a pattern fits no weight, or nothing is left.
    package func freeze(_ rule: FreezeRule) throws {
        let names = try LayerPlan(configuration, names: parameters.map(\.name)).frozen(by: rule)
        guard names.count < parameters.count else {
            throw CutisError(
                .configInvalid, "The configuration is wrong: model.freeze leaves no weight to train.",
                remedy: "Freeze fewer layers.")
        }
        for parameter in parameters where names.contains(parameter.name) {
            try parameter.tensor.settingRequiresGrad(false)
        }
        trained.removeAll { names.contains($0.name) }
    }
}
