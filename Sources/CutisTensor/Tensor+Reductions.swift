import CTorch

// Without dimensions, over all elements. `keepdim` leaves reduced dimensions at size 1.
extension Tensor {
    /// The sum; integers and bools give int64.
    public func sum(_ dims: [Int] = [], keepdim: Bool = false) throws(TensorError) -> Tensor {
        try produce("sum", [self]) { ct_sum(self.handle, dims, dims.count, keepdim, $0) }
    }

    /// The mean of floating-point values.
    public func mean(_ dims: [Int] = [], keepdim: Bool = false) throws(TensorError) -> Tensor {
        try produce("mean", [self]) { ct_mean(self.handle, dims, dims.count, keepdim, $0) }
    }

    /// The product of all elements.
    public func prod() throws(TensorError) -> Tensor { try produce("prod", [self]) { ct_prod(self.handle, $0) } }

    /// The largest element.
    public func max(_ dims: [Int] = [], keepdim: Bool = false) throws(TensorError) -> Tensor {
        try produce("max", [self]) { ct_amax(self.handle, dims, dims.count, keepdim, $0) }
    }

    /// The smallest element.
    public func min(_ dims: [Int] = [], keepdim: Bool = false) throws(TensorError) -> Tensor {
        try produce("min", [self]) { ct_amin(self.handle, dims, dims.count, keepdim, $0) }
    }

    /// The variance with divisor N − `correction`; 1 is the unbiased one.
    public func variance(
        _ dims: [Int] = [], correction: Double = 1, keepdim: Bool = false
    ) throws(TensorError) -> Tensor {
        try produce("variance", [self]) { ct_var(self.handle, dims, dims.count, correction, keepdim, $0) }
    }

    /// The standard deviation with divisor N − `correction`.
    public func std(
        _ dims: [Int] = [], correction: Double = 1, keepdim: Bool = false
    ) throws(TensorError) -> Tensor {
        try produce("std", [self]) { ct_std(self.handle, dims, dims.count, correction, keepdim, $0) }
    }

    /// log Σ e^x, stable.
    public func logsumexp(_ dims: [Int] = [], keepdim: Bool = false) throws(TensorError) -> Tensor {
        let dims = dims.isEmpty ? Array(0..<rank) : dims
        return try produce("logsumexp", [self]) { ct_logsumexp(self.handle, dims, dims.count, keepdim, $0) }
    }

    /// (Σ |x|^order)^(1/order); order 2 is the Euclidean length.
    public func norm(
        _ dims: [Int] = [], order: Double = 2, keepdim: Bool = false
    ) throws(TensorError) -> Tensor {
        try produce("norm", [self]) { ct_norm(self.handle, order, dims, dims.count, keepdim, $0) }
    }

    /// Vectors along `dim` divided by their length, which counts as at least `epsilon`.
    public func normalized(dim: Int = -1, epsilon: Double = 1e-12) throws(TensorError) -> Tensor {
        try self / norm([dim], keepdim: true).clamp(min: epsilon)
    }

    /// Whether all elements are not 0, as a bool of rank 0.
    public func all() throws(TensorError) -> Tensor { try produce("all", [self]) { ct_all(self.handle, $0) } }

    /// Whether some element is not 0, as a bool of rank 0.
    public func any() throws(TensorError) -> Tensor { try produce("any", [self]) { ct_any(self.handle, $0) } }

    /// The position of the largest element along `dim`, int64.
    public func argmax(dim: Int, keepdim: Bool = false) throws(TensorError) -> Tensor {
        try produce("argmax", [self]) { ct_argmax(self.handle, dim, keepdim, $0) }
    }

    /// The position of the smallest element along `dim`, int64.
    public func argmin(dim: Int, keepdim: Bool = false) throws(TensorError) -> Tensor {
        try produce("argmin", [self]) { ct_argmin(self.handle, dim, keepdim, $0) }
    }

    /// The running sum along `dim`.
    public func cumsum(dim: Int) throws(TensorError) -> Tensor {
        try produce("cumsum", [self]) { ct_cumsum(self.handle, dim, $0) }
    }

    /// The `k` largest (or smallest) along `dim`, in order, and their positions (int64).
    public func topk(
        _ k: Int, dim: Int = -1, largest: Bool = true
    ) throws(TensorError) -> (values: Tensor, indices: Tensor) {
        try produceTwo("topk", [self]) { ct_topk(self.handle, k, dim, largest, $0, $1) }
    }

    /// All values along `dim` in order (equal ones stay in their order), and their positions (int64).
    public func sort(
        dim: Int = -1, descending: Bool = false
    ) throws(TensorError) -> (values: Tensor, indices: Tensor) {
        try produceTwo("sort", [self]) { ct_sort(self.handle, dim, descending, $0, $1) }
    }
}
