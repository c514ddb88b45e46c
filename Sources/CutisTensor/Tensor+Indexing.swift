import CTorch

// Joining and picking. All of these copy.
extension Tensor {
    /// Joined along an existing dimension.
    public static func cat(_ tensors: [Tensor], dim: Int = 0) throws(TensorError) -> Tensor {
        let handles = tensors.map(\.handle)
        return try produce("cat", tensors) { ct_cat(handles, handles.count, dim, $0) }
    }

    /// Joined along a new dimension.
    public static func stack(_ tensors: [Tensor], dim: Int = 0) throws(TensorError) -> Tensor {
        let handles = tensors.map(\.handle)
        return try produce("stack", tensors) { ct_stack(handles, handles.count, dim, $0) }
    }

    /// The slices of `dim` that a 1-dimensional integer tensor names.
    public func indexSelect(dim: Int, _ index: Tensor) throws(TensorError) -> Tensor {
        try produce("indexSelect", [self, index]) { ct_index_select(self.handle, dim, index.handle, $0) }
    }

    /// For dimension 0: result[i][j] = self[index[i][j]][j], and so on; `index` is int64.
    public func gather(dim: Int, _ index: Tensor) throws(TensorError) -> Tensor {
        try produce("gather", [self, index]) { ct_gather(self.handle, dim, index.handle, $0) }
    }

    /// A copy with `source` written at `index`: the reverse of `gather`.
    public func scatter(dim: Int, _ index: Tensor, _ source: Tensor) throws(TensorError) -> Tensor {
        try produce("scatter", [self, index, source]) {
            ct_scatter(self.handle, dim, index.handle, source.handle, $0)
        }
    }

    /// A copy with `source` added at `index`.
    public func scatterAdd(dim: Int, _ index: Tensor, _ source: Tensor) throws(TensorError) -> Tensor {
        try produce("scatterAdd", [self, index, source]) {
            ct_scatter_add(self.handle, dim, index.handle, source.handle, $0)
        }
    }

    /// The elements where the bool `mask` is true, as one dimension.
    public func maskedSelect(_ mask: Tensor) throws(TensorError) -> Tensor {
        try produce("maskedSelect", [self, mask]) { ct_masked_select(self.handle, mask.handle, $0) }
    }

    /// Positions of the elements that are not 0: [count, rank], int64.
    public func nonzero() throws(TensorError) -> Tensor {
        try produce("nonzero", [self]) { ct_nonzero(self.handle, $0) }
    }

    /// int64 class numbers as rows of zeros with a single 1: [..., classes], int64.
    public func oneHot(_ classes: Int) throws(TensorError) -> Tensor {
        try produce("oneHot", [self]) { ct_one_hot(self.handle, classes, $0) }
    }

    /// The rows of this table [rows, width] that integers name: [..., width].
    public func embedding(_ indices: Tensor) throws(TensorError) -> Tensor {
        try produce("embedding", [self, indices]) { ct_embedding(self.handle, indices.handle, $0) }
    }

    /// How often each of 0, 1, … occurs in a 1-dimensional integer tensor, or the sum of `weights` there.
    public func bincount(weights: Tensor? = nil, minimumLength: Int = 0) throws(TensorError) -> Tensor {
        try produce("bincount", [self, weights]) { ct_bincount(self.handle, weights?.handle, minimumLength, $0) }
    }
}
