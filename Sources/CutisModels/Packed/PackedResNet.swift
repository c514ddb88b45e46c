import CutisCore
public import CutisTensor

/// A residual network made for inference on a CPU: batch norms folded, convolutions packed with ReLU and the sum of the
/// short cut fused in, channels-last.
///
/// It gives what `ResNet` gives for the same weights, within rounding, and cannot be trained.
public final class PackedResNet {
    /// The numbers that decide what is computed.
    public let config: ResNetConfig
    private let stem: InferenceConvolution
    private let blocks: [PackedResidualBlock]
    private let head: PackedLinear?
    private let arena: Arena
    private let activationType: DType

    /// Takes all weights from the reader and packs them; call `finish` on it before use.
    ///
    /// - Parameter imageSize: height and width that images usually have; decides the order of weights only.
    /// - Throws: `CutisError` `.configInvalid`, or what the reader throws; `TensorError`.
    public init(
        _ config: ResNetConfig, _ reader: WeightReader, imageSize: (height: Int, width: Int),
        precision: InferencePrecision
    ) throws {
        let plain = try ResNet(config, reader)
        self.config = config
        stem = try InferenceConvolution("conv1", plain.stem, plain.stemNorm, size: imageSize, precision)
        var size = stem.outputSize
        size = ((size.height - 1) / 2 + 1, (size.width - 1) / 2 + 1)
        var blocks: [PackedResidualBlock] = []
        for (index, stage) in plain.stages.enumerated() {
            for (number, block) in stage.enumerated() {
                let made = try PackedResidualBlock(
                    block, name: "layer\(index + 1).\(number)", size: size, precision)
                size = made.outputSize
                blocks.append(made)
            }
        }
        self.blocks = blocks
        // The last layer decides much and costs nothing: it stays float32.
        head = try plain.head?.packed()
        activationType = precision.activationType == .bfloat16 ? .bfloat16 : .float32
        arena = try Arena()
        reader.releasePages()
    }

    /// The mean of the last stage.
    ///
    /// - Parameters:
    ///   - x: [batch, channels, height, width], preprocessed, float32.
    ///   - observer: sees the input of each convolution.
    /// - Returns: [batch, channels], float32.
    public func pooled(_ x: Tensor, observer: LayerObserver? = nil) throws -> Tensor {
        try config.checkInput(x)
        return try arena.use {
            let images = try x.to(activationType).contiguous(.channelsLast)
            var y = try stem(images, activation: .relu, observer: observer).maxPool2d(3, stride: 2, padding: 1)
            for block in blocks { y = try block(y, observer: observer) }
            return try y.to(.float32).mean([2, 3])
        }
    }

    /// Logits [batch, classes] with a head, else the pooled features [batch, channels]; float32.
    public func callAsFunction(_ x: Tensor) throws -> Tensor {
        try answer(pooled(x))
    }

    /// What comes after the pooled features: logits, or the features themselves.
    package func answer(_ pooled: Tensor) throws -> Tensor { try head.map { try $0(pooled) } ?? pooled }

    /// How the memory between the layers was used.
    package var memory: Arena.Use { arena.statistics }
}

/// Two or three packed convolutions with a short cut around them.
struct PackedResidualBlock {
    private let convolutions: [InferenceConvolution]
    private let shortcut: InferenceConvolution?

    init(
        _ block: ResidualBlock, name: String, size: (height: Int, width: Int), _ precision: InferencePrecision
    ) throws {
        var current = size
        convolutions = try block.convolutions.enumerated().map { index, pair in
            let made = try InferenceConvolution(
                "\(name).conv\(index + 1)", pair.convolution, pair.norm, size: current, precision)
            current = made.outputSize
            return made
        }
        shortcut = try block.shortcut.map {
            try InferenceConvolution("\(name).downsample.0", $0.convolution, $0.norm, size: size, precision)
        }
    }

    /// Height and width of the output for the usual input.
    var outputSize: (height: Int, width: Int) { convolutions.last?.outputSize ?? (1, 1) }

    /// [batch, inputs, height, width] → [batch, outputs, height', width']; x may be overwritten.
    func callAsFunction(_ x: Tensor, observer: LayerObserver?) throws -> Tensor {
        var y = x
        for (index, convolution) in convolutions.dropLast().enumerated() {
            y = try convolution(y, activation: .relu, to: convolutions[index + 1].input, observer: observer)
        }
        guard let last = convolutions.last else { return y }
        // The short cut reads x before the sum is written over it.
        let sum = try shortcut.map { try $0(x, observer: observer) } ?? x
        return try last.adding(y, to: sum, observer: observer)
    }
}

extension Linear {
    /// The same, packed in float32 for one row at a time.
    func packed() throws -> PackedLinear {
        try PackedLinear(weight: weight.to(.float32), bias: bias?.to(.float32), rows: 1)
    }
}
