import CutisTensor

/// What stands between the pooled features and the answer: `pre_logits`, `projection`, `head`.
struct ViTHead {
    private let preLogits: Linear?
    private let projection: Tensor?
    private let head: Linear?
    private let packedHead: PackedLinear?
    private let dropout: Dropout

    /// - Parameter packed: packs the last layer for inference on a CPU; the head cannot be trained then.
    init(_ config: ViTConfig, _ reader: WeightReader, packed: Bool = false) throws {
        preLogits = try config.representationWidth.map {
            try Linear(
                config.width, $0, reader / "pre_logits",
                weightInitialiser: .truncatedNormal(deviation: (1 / Double(config.width)).squareRoot()),
                biasInitialiser: .zeros)
        }
        projection = try config.projectionWidth.map {
            try reader.tensor(
                "projection.weight", shape: [config.width, $0],
                initialiser: .normal(deviation: 1 / Double(config.width).squareRoot()))
        }
        head = try config.classCount.map {
            try Linear(
                config.representationWidth ?? config.projectionWidth ?? config.width, $0, reader / "head",
                weightInitialiser: .zeros, biasInitialiser: .zeros)
        }
        packedHead = try packed ? head?.packed() : nil
        dropout = Dropout(config.headDropout)
    }

    /// [batch, width] → [batch, classes], [batch, projection width] or the input.
    func callAsFunction(_ pooled: Tensor, training: Bool = false, generator: Generator? = nil) throws -> Tensor {
        var y = pooled
        if let preLogits { y = try preLogits(y).tanh() }
        if let projection { y = try y.matmul(projection) }
        if let packedHead { return try packedHead(y) }
        return try head.map { try $0(dropout(y, training: training, generator: generator)) } ?? y
    }
}
