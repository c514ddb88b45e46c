import CutisTensor

/// Two or three convolutions with a short cut around them: `conv1`, `bn1`, …, `downsample.0`, `downsample.1`.
struct ResidualBlock {
    let convolutions: [(convolution: Conv2d, norm: BatchNorm2d)]
    let shortcut: (convolution: Conv2d, norm: BatchNorm2d)?

    /// - Parameters:
    ///   - inputs: channels that come in.
    ///   - width: inner channels.
    ///   - stride: 2 halves the image.
    init(_ config: ResNetConfig, inputs: Int, width: Int, stride: Int, _ reader: WeightReader) throws {
        let outputs = width * config.expansion
        func pair(
            _ inputs: Int, _ outputs: Int, kernel: Int, stride: Int, _ names: (String, String)
        ) throws -> (convolution: Conv2d, norm: BatchNorm2d) {
            (
                try Conv2d(
                    inputs, outputs, kernel: kernel, stride: stride, padding: kernel / 2, reader / names.0,
                    weightInitialiser: .kaimingNormalFanOut),
                try BatchNorm2d(outputs, epsilon: config.normEpsilon, reader / names.1)
            )
        }
        if config.bottleneck {
            let first = config.strideInFirstConvolution ? stride : 1
            convolutions = try [
                pair(inputs, width, kernel: 1, stride: first, ("conv1", "bn1")),
                pair(width, width, kernel: 3, stride: stride / first, ("conv2", "bn2")),
                pair(width, outputs, kernel: 1, stride: 1, ("conv3", "bn3")),
            ]
        } else {
            convolutions = try [
                pair(inputs, width, kernel: 3, stride: stride, ("conv1", "bn1")),
                pair(width, outputs, kernel: 3, stride: 1, ("conv2", "bn2")),
            ]
        }
        shortcut =
            try stride != 1 || inputs != outputs
            ? pair(inputs, outputs, kernel: 1, stride: stride, ("downsample.0", "downsample.1")) : nil
    }

    /// [batch, inputs, height, width] → [batch, outputs, height', width'].
    ///
    /// - Parameter isAgain: leaves the running statistics alone, see `BatchNorm2d`.
    func callAsFunction(_ x: Tensor, training: Bool, isAgain: Bool = false) throws(TensorError) -> Tensor {
        var y = x
        for (index, pair) in convolutions.enumerated() {
            y = try pair.norm(pair.convolution(y), training: training, isAgain: isAgain)
            if index + 1 < convolutions.count { y = try y.relu() }
        }
        guard let shortcut else { return try (y + x).relu() }
        return try (y + shortcut.norm(shortcut.convolution(x), training: training, isAgain: isAgain)).relu()
    }

    /// All learnable weights.
    var parameters: [Tensor] {
        (convolutions + [shortcut].compactMap(\.self)).flatMap { pair in
            [pair.convolution.weight, pair.convolution.bias, pair.norm.weight, pair.norm.bias].compactMap(\.self)
        }
    }
}
