import CTorch

// Images are [N, C, H, W].
extension Tensor {
    /// Cross-correlation with weight [out, in / groups, kH, kW] and zero padding.
    public func conv2d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: Size2D = 1, padding: Size2D = 0, dilation: Size2D = 1,
        groups: Int = 1
    ) throws(TensorError) -> Tensor {
        try produce("conv2d", [self, weight, bias]) {
            ct_conv2d(
                self.handle, weight.handle, bias?.handle, stride.code, padding.code, dilation.code, groups, $0)
        }
    }

    /// The transpose of `conv2d`, with weight [in, out / groups, kH, kW].
    public func convTranspose2d(
        _ weight: Tensor, _ bias: Tensor? = nil, stride: Size2D = 1, padding: Size2D = 0, outputPadding: Size2D = 0,
        dilation: Size2D = 1, groups: Int = 1
    ) throws(TensorError) -> Tensor {
        try produce("convTranspose2d", [self, weight, bias]) {
            ct_conv_transpose2d(
                self.handle, weight.handle, bias?.handle, stride.code, padding.code, outputPadding.code,
                dilation.code, groups, $0)
        }
    }

    /// The largest value of each window. The stride is the kernel where absent; padding counts as −∞; with `ceil` the
    /// last window may reach over the edge.
    public func maxPool2d(
        _ kernel: Size2D, stride: Size2D? = nil, padding: Size2D = 0, dilation: Size2D = 1, ceil: Bool = false
    ) throws(TensorError) -> Tensor {
        try produce("maxPool2d", [self]) {
            ct_max_pool2d(
                self.handle, kernel.code, (stride ?? kernel).code, padding.code, dilation.code, ceil, $0)
        }
    }

    /// As `maxPool2d`, with each maximum's flat position in its input plane (int64), for `maxUnpool2d`.
    public func maxPool2dWithIndices(
        _ kernel: Size2D, stride: Size2D? = nil, padding: Size2D = 0, dilation: Size2D = 1, ceil: Bool = false
    ) throws(TensorError) -> (values: Tensor, indices: Tensor) {
        try produceTwo("maxPool2dWithIndices", [self]) {
            ct_max_pool2d_with_indices(
                self.handle, kernel.code, (stride ?? kernel).code, padding.code, dilation.code, ceil, $0, $1)
        }
    }

    /// Values written back to the positions that `maxPool2dWithIndices` gave, in planes of `size`; zeros elsewhere.
    public func maxUnpool2d(_ indices: Tensor, size: Size2D) throws(TensorError) -> Tensor {
        try produce("maxUnpool2d", [self, indices]) {
            ct_max_unpool2d(self.handle, indices.handle, size.code, $0)
        }
    }

    /// The mean of each window. The stride is the kernel where absent.
    public func avgPool2d(
        _ kernel: Size2D, stride: Size2D? = nil, padding: Size2D = 0, ceil: Bool = false, countPadding: Bool = true
    ) throws(TensorError) -> Tensor {
        try produce("avgPool2d", [self]) {
            ct_avg_pool2d(
                self.handle, kernel.code, (stride ?? kernel).code, padding.code, ceil, countPadding, $0)
        }
    }

    /// The mean over windows that give exactly `size`.
    public func adaptiveAvgPool2d(_ size: Size2D) throws(TensorError) -> Tensor {
        try produce("adaptiveAvgPool2d", [self]) { ct_adaptive_avg_pool2d(self.handle, size.code, $0) }
    }
}
