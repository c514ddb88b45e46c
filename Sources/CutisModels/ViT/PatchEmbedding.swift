import CutisCore
import CutisTensor

/// Images to tokens: patches, class token, registers, positions and the norm before the blocks.
struct PatchEmbedding {
    private let config: ViTConfig
    private let convolution: Conv2d
    private let classToken: Tensor?
    private let registers: Tensor?
    private let positions: Tensor
    private let preNorm: LayerNorm?

    init(_ config: ViTConfig, _ reader: WeightReader) throws {
        self.config = config
        let (rows, columns) = config.grid
        let width = config.width
        let inputs = config.channels * config.patchSize * config.patchSize
        classToken =
            try config.classToken
            ? reader.tensor("class_token", shape: [1, 1, width], initialiser: .zeros) : nil
        registers =
            try config.registers > 0
            ? reader.tensor(
                "register_tokens", shape: [1, config.registers, width], initialiser: .normal(deviation: 1e-6)) : nil
        positions = try reader.tensor(
            "position_embedding", shape: [1, config.positionPrefix + rows * columns, width],
            initialiser: .normal(deviation: 0.02))
        convolution = try Conv2d(
            config.channels, width, kernel: config.patchSize, stride: config.patchSize, bias: config.patchBias,
            reader / "patch_embedding",
            weightInitialiser: .truncatedNormal(deviation: (1 / Double(inputs)).squareRoot()),
            biasInitialiser: .zeros)
        preNorm =
            try config.preNorm
            ? LayerNorm(width, epsilon: config.normEpsilon, reader / "pre_norm") : nil
    }

    /// The projection of the patches as one packed product over the rows that `unfolded` makes.
    func packedProjection(rows: Int) throws(TensorError) -> PackedLinear {
        try PackedLinear(
            weight: convolution.weight.flatten(from: 1, to: 3), bias: convolution.bias, rows: rows)
    }

    /// [batch, channels, height, width] → [batch, rows · columns, channels · patch · patch].
    private func unfolded(_ x: Tensor, _ grid: (rows: Int, columns: Int)) throws(TensorError) -> Tensor {
        let (batch, patch) = (x.shape[0], config.patchSize)
        return try x.reshape([batch, config.channels, grid.rows, patch, grid.columns, patch])
            .permute([0, 2, 4, 1, 3, 5])
            .reshape([batch, grid.rows * grid.columns, config.channels * patch * patch])
    }

    /// [batch, channels, height, width] → [batch, tokens, width], in the order class token, registers, patches.
    ///
    /// - Parameter packed: projects the patches instead of the convolution; contiguous tokens are the result.
    func callAsFunction(
        _ x: Tensor, projecting packed: PackedLinear? = nil
    ) throws -> (tokens: Tensor, grid: (rows: Int, columns: Int)) {
        let grid = try self.grid(of: x)
        let images = try x.to(convolution.weight.dtype)
        let patches =
            try packed.map { try $0(unfolded(images, grid)) }
            ?? convolution(images).flatten(from: 2, to: 3).transpose(1, 2)
        let prefixRows = config.positionPrefix
        let places = try resized(to: grid)
        var parts: [Tensor] = []
        var row = 0
        for token in [classToken, registers] {
            guard let token else { continue }
            let count = token.shape[1]
            var part = token
            if row + count <= prefixRows {
                part = try part + positions.narrow(dim: 1, start: row, length: count)
            }
            row += count
            parts.append(try part.expand([x.shape[0], count, config.width]))
        }
        parts.append(try patches + places)
        let tokens = try parts.count == 1 ? parts[0] : Tensor.cat(parts, dim: 1)
        return (try preNorm.map { try $0(tokens) } ?? tokens, grid)
    }

    private func grid(of x: Tensor) throws(CutisError) -> (rows: Int, columns: Int) {
        let shape = x.shape
        let patch = config.patchSize
        guard shape.count == 4, shape[1] == config.channels, shape[2] >= patch, shape[3] >= patch,
            shape[2] % patch == 0, shape[3] % patch == 0
        else {
            throw CutisError(
                .configInvalid,
                "The model cannot take an input of shape \(shape): it needs [images, \(config.channels), height, "
                    + "width] with height and width multiples of \(patch).",
                remedy: "Correct the preprocessing of the bundle.")
        }
        let grid = (rows: shape[2] / patch, columns: shape[3] / patch)
        guard grid == config.grid || config.positionResize != .refuse else {
            throw CutisError(
                .configInvalid,
                "The model takes images of \(config.imageSize[0])×\(config.imageSize[1]) pixels only, not "
                    + "\(shape[2])×\(shape[3]).",
                remedy: "Resize to the model's own size in the preprocessing of the bundle.")
        }
        return grid
    }

    /// The positions of the patches for a grid: [1, rows · columns, width].
    private func resized(to grid: (rows: Int, columns: Int)) throws(TensorError) -> Tensor {
        let own = config.grid
        let table = try positions.narrow(
            dim: 1, start: config.positionPrefix, length: own.rows * own.columns)
        guard grid != own else { return table }
        let mode: InterpolationMode = config.positionResize == .bilinearAntialias ? .bilinear : .bicubic
        // In float32 whatever the model computes in, as the reference implementations do.
        let image = try table.to(.float32).reshape([1, own.rows, own.columns, config.width]).permute([0, 3, 1, 2])
        let scaled = try image.interpolate(
            size: [grid.rows, grid.columns], mode: mode, antialias: config.positionResize != .bicubic,
            alignCorners: false)
        return try scaled.permute([0, 2, 3, 1]).reshape([1, grid.rows * grid.columns, config.width])
            .to(table.dtype)
    }
}
