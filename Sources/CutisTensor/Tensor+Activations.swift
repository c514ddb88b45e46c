import CTorch

extension Tensor {
    /// The hyperbolic tangent.
    public func tanh() throws(TensorError) -> Tensor { try produce("tanh", [self]) { ct_tanh(self.handle, $0) } }

    /// 1 / (1 + e^−x).
    public func sigmoid() throws(TensorError) -> Tensor {
        try produce("sigmoid", [self]) { ct_sigmoid(self.handle, $0) }
    }

    /// log(sigmoid(x)), stable.
    public func logSigmoid() throws(TensorError) -> Tensor {
        try produce("logSigmoid", [self]) { ct_log_sigmoid(self.handle, $0) }
    }

    /// max(x, 0).
    public func relu() throws(TensorError) -> Tensor { try produce("relu", [self]) { ct_relu(self.handle, $0) } }

    /// x where positive, `slope` · x elsewhere.
    public func leakyRelu(slope: Double = 0.01) throws(TensorError) -> Tensor {
        try produce("leakyRelu", [self]) { ct_leaky_relu(self.handle, slope, $0) }
    }

    /// x where positive, weight · x elsewhere; `weight` has one element, or one for each channel (dimension 1).
    public func prelu(_ weight: Tensor) throws(TensorError) -> Tensor {
        try produce("prelu", [self, weight]) { ct_prelu(self.handle, weight.handle, $0) }
    }

    /// x where positive, `alpha` · (e^x − 1) elsewhere.
    public func elu(alpha: Double = 1) throws(TensorError) -> Tensor {
        try produce("elu", [self]) { ct_elu(self.handle, alpha, $0) }
    }

    /// x · Φ(x): exactly through the error function, or by the tanh formula (Hendrycks and Gimpel, 2016).
    public func gelu(approximate: Bool = false) throws(TensorError) -> Tensor {
        try produce("gelu", [self]) { ct_gelu(self.handle, approximate, $0) }
    }

    /// x · sigmoid(1.702 x), the GELU of OpenAI's CLIP weights.
    public func quickGelu() throws(TensorError) -> Tensor { try self * (self * 1.702).sigmoid() }

    /// x · sigmoid(x).
    public func silu() throws(TensorError) -> Tensor { try produce("silu", [self]) { ct_silu(self.handle, $0) } }

    /// log(1 + e^x), stable.
    public func softplus() throws(TensorError) -> Tensor {
        try produce("softplus", [self]) { ct_softplus(self.handle, $0) }
    }

    /// The soft-max along `dim`.
    public func softmax(dim: Int) throws(TensorError) -> Tensor {
        try produce("softmax", [self]) { ct_softmax(self.handle, dim, $0) }
    }

    /// The logarithm of the soft-max along `dim`, stable.
    public func logSoftmax(dim: Int) throws(TensorError) -> Tensor {
        try produce("logSoftmax", [self]) { ct_log_softmax(self.handle, dim, $0) }
    }

    /// In training, elements are zeroed with probability `p` and the others divided by 1 − p; otherwise this tensor.
    ///
    /// Draws from `generator`, or from the device's default one; both give the same values from the same state.
    public func dropout(_ p: Double, training: Bool, generator: Generator? = nil) throws(TensorError) -> Tensor {
        guard training, p > 0 else { return self }
        guard let generator, p < 1 else {
            return try produce("dropout", [self]) { ct_dropout(self.handle, p, training, $0) }
        }
        return try self * (detach().bernoulli(1 - p, generator: generator) / (1 - p))
    }

    /// As `dropout`, for whole channels [N, C, …].
    public func featureDropout(_ p: Double, training: Bool) throws(TensorError) -> Tensor {
        guard training, p > 0 else { return self }
        return try produce("featureDropout", [self]) { ct_feature_dropout(self.handle, p, training, $0) }
    }
}
