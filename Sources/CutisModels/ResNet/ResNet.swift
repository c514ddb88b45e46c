import CutisCore
public import CutisTensor

/// What a residual network knows about a batch of images before its head.
public struct ResNetFeatures {
    /// The output of the last stage: [batch, channels, rows, columns].
    public let stage: Tensor
    /// Its mean over rows and columns: [batch, channels].
    public let pooled: Tensor
}

/// A residual network (He et al. 2015): ResNet-18, -34 and -50 and narrow versions of them. Canonical names are
/// torchvision's.
public final class ResNet {
    /// The numbers that decide what is computed.
    public let config: ResNetConfig
    /// Whether batch statistics and dropout are those of training.
    public var isTraining = false
    /// Whether the inner results of each block are computed again in the backward pass instead of being kept.
    public var checkpointing = false
    /// What dropout draws from in training; nil takes the process-wide generator.
    public var generator: Generator?

    let stem: Conv2d
    let stemNorm: BatchNorm2d
    let stages: [[ResidualBlock]]
    let head: Linear?
    private let dropout: Dropout

    /// Takes all weights from the reader; call `finish` on it before the model is used.
    ///
    /// - Throws: `CutisError` `.configInvalid`, or what the reader throws.
    public init(_ config: ResNetConfig, _ reader: WeightReader) throws {
        try config.validate()
        self.config = config
        stem = try Conv2d(
            config.channels, config.stemWidth, kernel: 7, stride: 2, padding: 3, reader / "conv1",
            weightInitialiser: .kaimingNormalFanOut)
        stemNorm = try BatchNorm2d(config.stemWidth, epsilon: config.normEpsilon, reader / "bn1")
        var inputs = config.stemWidth
        var stages: [[ResidualBlock]] = []
        for (index, count) in config.blocks.enumerated() {
            let width = config.stageWidths[index]
            let halves = index > 0 || config.downsampleFirstStage
            let stage = reader / "layer\(index + 1)"
            stages.append(
                try (0..<count).map { block in
                    let made = try ResidualBlock(
                        config, inputs: inputs, width: width, stride: block == 0 && halves ? 2 : 1, stage / block)
                    inputs = width * config.expansion
                    return made
                })
        }
        self.stages = stages
        head = try config.classCount.map { try Linear(config.featureWidth, $0, reader / "fc") }
        dropout = Dropout(config.headDropout)
    }

    /// The last stage and its mean.
    ///
    /// - Parameter x: [batch, channels, height, width], preprocessed.
    /// - Throws: `CutisError` `.configInvalid` for an input of another form, `TensorError`.
    public func features(_ x: Tensor) throws -> ResNetFeatures {
        try config.checkInput(x)
        var image = try x.to(stem.weight.dtype)
        // The order that a GPU's matrix units take half-precision convolutions in; they would turn each input otherwise.
        if case .cuda = image.device, image.dtype != .float32 { image = try image.contiguous(.channelsLast) }
        var y = try stemNorm(stem(image), training: isTraining).relu()
        y = try y.maxPool2d(3, stride: 2, padding: 1)
        for block in stages.joined() {
            let training = isTraining
            y =
                try checkpointing
                ? checkpointed([y], parameters: block.parameters) { inputs, isAgain in
                    try block(inputs[0], training: training, isAgain: isAgain)
                } : block(y, training: training)
        }
        return ResNetFeatures(stage: y, pooled: try y.mean([2, 3]))
    }

    /// Logits [batch, classes] with a head, else the pooled features [batch, channels].
    ///
    /// - Parameter x: [batch, channels, height, width], preprocessed.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try logits(features(x).pooled)
    }

    /// [batch, channels] → [batch, classes], or the input without a head.
    func logits(_ pooled: Tensor) throws(TensorError) -> Tensor {
        guard let head else { return pooled }
        return try head(dropout(pooled, training: isTraining, generator: generator))
    }
}

extension ResNetConfig {
    /// Refuses an input of another form than [images, channels, height, width].
    func checkInput(_ x: Tensor) throws(CutisError) {
        guard x.shape.count == 4, x.shape[1] == channels else {
            throw CutisError(
                .configInvalid,
                "The model cannot take an input of shape \(x.shape): it needs [images, \(channels), height, "
                    + "width].",
                remedy: "Correct the preprocessing of the bundle.")
        }
    }
}
