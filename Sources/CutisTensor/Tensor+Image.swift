import CTorch

/// A way to resize or sample.
public enum InterpolationMode: Sendable, Hashable {
    /// The element at floor(i · scale).
    case nearest
    /// The element nearest to the pixel's centre.
    case nearestExact
    case bilinear
    /// Cubic convolution; its constant is −0.5 with antialias, −0.75 without, as in PyTorch.
    case bicubic

    var code: CTInterpolation {
        switch self {
        case .nearest: CT_NEAREST
        case .nearestExact: CT_NEAREST_EXACT
        case .bilinear: CT_BILINEAR
        case .bicubic: CT_BICUBIC
        }
    }
}

/// What a sampled image holds outside its edges.
public enum GridPadding: Sendable, Hashable {
    case zeros
    /// The nearest element of the edge.
    case border
    /// The image mirrored at its edges.
    case reflection

    var code: CTGridPadding {
        switch self {
        case .zeros: CT_GRID_ZEROS
        case .border: CT_GRID_BORDER
        case .reflection: CT_GRID_REFLECTION
        }
    }
}

/// How padding is filled.
public enum PaddingMode: Sendable, Hashable {
    case constant(Double)
    /// Mirrored, without the edge itself.
    case reflect
    /// The edge repeated.
    case replicate
    /// From the opposite side.
    case circular
}

extension Tensor {
    /// Resizes images [N, C, H, W] to `size` [H, W].
    ///
    /// - Parameters:
    ///   - antialias: Widens the windows when shrinking (bilinear and bicubic only).
    ///   - alignCorners: Corner pixels' centres stay where they are (not for nearest modes).
    ///   - scales: Vertical and horizontal factor output/input from which to take the sampling positions, instead of
    ///     from the sizes; PyTorch does so for `scale_factor`.
    public func interpolate(
        size: [Int], mode: InterpolationMode, antialias: Bool = false, alignCorners: Bool = false,
        scales: [Double]? = nil
    ) throws(TensorError) -> Tensor {
        guard size.count == 2, scales.map({ $0.count == 2 }) ?? true else {
            throw TensorError(
                .argument, "interpolate", operands: [self],
                message: "size and scales have two elements: [height, width]")
        }
        let target = CTPair(height: size[0], width: size[1])
        return try produce("interpolate", [self]) {
            ct_interpolate(self.handle, target, mode.code, antialias, alignCorners, scales, $0)
        }
    }

    /// Sampling positions [N, H, W, 2] in [−1, 1] from affine maps [N, 2, 3], for images of `size` [N, C, H, W].
    public func affineGrid(size: [Int], alignCorners: Bool) throws(TensorError) -> Tensor {
        try produce("affineGrid", [self]) { ct_affine_grid(self.handle, size, size.count, alignCorners, $0) }
    }

    /// The values of images [N, C, H, W] at positions [N, H, W, 2] (x, y) in [−1, 1].
    public func gridSample(
        _ grid: Tensor, mode: InterpolationMode = .bilinear, padding: GridPadding = .zeros, alignCorners: Bool
    ) throws(TensorError) -> Tensor {
        try produce("gridSample", [self, grid]) {
            ct_grid_sample(self.handle, grid.handle, mode.code, padding.code, alignCorners, $0)
        }
    }

    /// Pads; `amounts` holds (before, after) for each dimension, the last dimension first. Negative amounts cut.
    public func pad(_ amounts: [Int], mode: PaddingMode = .constant(0)) throws(TensorError) -> Tensor {
        let (code, value): (CTPadding, Double) =
            switch mode {
            case .constant(let value): (CT_PAD_CONSTANT, value)
            case .reflect: (CT_PAD_REFLECT, 0)
            case .replicate: (CT_PAD_REPLICATE, 0)
            case .circular: (CT_PAD_CIRCULAR, 0)
            }
        return try produce("pad", [self]) { ct_pad(self.handle, amounts, amounts.count, code, value, $0) }
    }
}
