import CTorch

extension Tensor {
    /// (x − mean) / √(variance + epsilon) · weight + bias over the last dimensions, whose sizes are `normalizedShape`
    /// (Ba et al., 2016).
    public func layerNorm(
        _ normalizedShape: [Int], weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
    ) throws(TensorError) -> Tensor {
        try produce("layerNorm", [self, weight, bias]) {
            ct_layer_norm(
                self.handle, normalizedShape, normalizedShape.count, weight?.handle, bias?.handle, eps, $0)
        }
    }

    /// Normalises each channel, dimension 1 (Ioffe and Szegedy, 2015).
    ///
    /// In training by the batch's statistics, which are also blended into the running ones in place: new =
    /// (1 − momentum) · old + momentum · batch, with the unbiased variance. Otherwise by the running ones.
    public func batchNorm(
        weight: Tensor? = nil, bias: Tensor? = nil, runningMean: Tensor?, runningVar: Tensor?, training: Bool = false,
        momentum: Double = 0.1, eps: Double = 1e-5
    ) throws(TensorError) -> Tensor {
        try produce("batchNorm", [self, weight, bias, runningMean, runningVar]) {
            ct_batch_norm(
                self.handle, weight?.handle, bias?.handle, runningMean?.handle, runningVar?.handle, training,
                momentum, eps, $0)
        }
    }

    /// Normalises groups of channels of each sample (Wu and He, 2018).
    public func groupNorm(
        _ groups: Int, weight: Tensor? = nil, bias: Tensor? = nil, eps: Double = 1e-5
    ) throws(TensorError) -> Tensor {
        try produce("groupNorm", [self, weight, bias]) {
            ct_group_norm(self.handle, groups, weight?.handle, bias?.handle, eps, $0)
        }
    }
}
