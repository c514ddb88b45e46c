extension ModelConfiguration {
    /// Multiplications and additions of one image, in 10⁹: products and convolutions, counted for the whole network.
    ///
    /// - Parameter imageSize: height and width in pixels.
    public func gigaOperations(imageSize: (height: Int, width: Int)) -> Double {
        switch self {
        case .visionTransformer(let config): config.operations(imageSize) / 1e9
        case .resNet(let config): config.operations(imageSize) / 1e9
        }
    }

    /// The canonical names of the layers that can be int8: all but the first and the last.
    public var quantisableLayers: [String] {
        switch self {
        case .visionTransformer(let config):
            (0..<config.depth).flatMap { block in
                ["attention.qkv", "attention.projection", "mlp.fc1", "mlp.fc2"].map { "blocks.\(block).\($0)" }
            }
        case .resNet(let config): config.quantisableLayers
        }
    }
}

extension ViTConfig {
    fileprivate func operations(_ size: (height: Int, width: Int)) -> Double {
        let patches = Double((size.height / patchSize) * (size.width / patchSize))
        let tokens = patches + Double(prefixTokens)
        let (wide, hidden) = (Double(width), Double(mlpWidth))
        let products = 4 * wide * wide + Double(1 + activation.widthFactor) * wide * hidden
        let attention = 2 * tokens * wide
        let patch = patches * wide * Double(channels * patchSize * patchSize)
        let head = wide * Double(classCount ?? projectionWidth ?? 0)
        return 2 * (Double(depth) * tokens * (products + attention) + patch + head)
    }
}

extension ResNetConfig {
    /// A convolution of the network: its canonical name and what it costs at an output size.
    private struct Layer {
        let name: String
        let inputs: Int
        let outputs: Int
        let kernel: Int
        /// How much smaller than the image its output is, in both directions.
        let reduction: Int
    }

    /// All convolutions but the first.
    private var layers: [Layer] {
        var layers: [Layer] = []
        var (inputs, reduction) = (stemWidth, 4)
        for (stage, count) in blocks.enumerated() {
            let width = stageWidths[stage]
            let outputs = width * expansion
            for block in 0..<count {
                let name = "layer\(stage + 1).\(block)"
                let stride = block == 0 && (stage > 0 || downsampleFirstStage) ? 2 : 1
                let before = reduction
                reduction *= stride
                let first = bottleneck && !strideInFirstConvolution ? before : reduction
                layers.append(
                    Layer(
                        name: "\(name).conv1", inputs: inputs, outputs: width, kernel: bottleneck ? 1 : 3,
                        reduction: first))
                layers.append(
                    Layer(name: "\(name).conv2", inputs: width, outputs: width, kernel: 3, reduction: reduction))
                if bottleneck {
                    layers.append(
                        Layer(name: "\(name).conv3", inputs: width, outputs: outputs, kernel: 1, reduction: reduction))
                }
                if stride != 1 || inputs != outputs {
                    layers.append(
                        Layer(
                            name: "\(name).downsample.0", inputs: inputs, outputs: outputs, kernel: 1,
                            reduction: reduction))
                }
                inputs = outputs
            }
        }
        return layers
    }

    fileprivate var quantisableLayers: [String] { layers.map(\.name) }

    fileprivate func operations(_ size: (height: Int, width: Int)) -> Double {
        func pixels(_ reduction: Int) -> Double {
            let (height, width) = (
                (size.height + reduction - 1) / reduction, (size.width + reduction - 1) / reduction
            )
            return Double(height * width)
        }
        let stem = pixels(2) * Double(stemWidth * channels * 49)
        let inner = layers.reduce(0.0) {
            $0 + pixels($1.reduction) * Double($1.inputs * $1.outputs * $1.kernel * $1.kernel)
        }
        return 2 * (stem + inner + Double(featureWidth * (classCount ?? 0)))
    }
}
