import CTorch

// Shapes and parts. Views share this tensor's memory; the comments say where a copy is made.
extension Tensor {
    /// Another shape for the same elements; one size may be −1. A view where possible, else a copy.
    public func reshape(_ shape: [Int]) throws(TensorError) -> Tensor {
        try produce("reshape", [self]) { ct_reshape(self.handle, shape, shape.count, $0) }
    }

    /// As `reshape`, but never a copy: throws where the strides do not allow it.
    public func view(_ shape: [Int]) throws(TensorError) -> Tensor {
        try produce("view", [self]) { ct_view(self.handle, shape, shape.count, $0) }
    }

    /// Dimensions in the order that `dims` names.
    public func permute(_ dims: [Int]) throws(TensorError) -> Tensor {
        try produce("permute", [self]) { ct_permute(self.handle, dims, dims.count, $0) }
    }

    /// Two dimensions exchanged.
    public func transpose(_ first: Int, _ second: Int) throws(TensorError) -> Tensor {
        try produce("transpose", [self]) { ct_transpose(self.handle, first, second, $0) }
    }

    /// A new dimension of size 1 before `dim`.
    public func unsqueeze(_ dim: Int) throws(TensorError) -> Tensor {
        try produce("unsqueeze", [self]) { ct_unsqueeze(self.handle, dim, $0) }
    }

    /// Without those of `dims` that have size 1; without all of size 1 where none is named.
    public func squeeze(_ dims: Int...) throws(TensorError) -> Tensor {
        try produce("squeeze", [self]) { ct_squeeze(self.handle, dims, dims.count, $0) }
    }

    /// Dimensions `first` … `last` as one.
    public func flatten(from first: Int = 0, to last: Int = -1) throws(TensorError) -> Tensor {
        try produce("flatten", [self]) { ct_flatten(self.handle, first, last, $0) }
    }

    /// `length` steps from `start` along `dim`; throws where they do not exist.
    public func narrow(dim: Int, start: Int, length: Int) throws(TensorError) -> Tensor {
        try produce("narrow", [self]) { ct_narrow(self.handle, dim, start, length, $0) }
    }

    /// Every `step`-th element of a range along `dim`; a range beyond the size is cut back to it.
    public func slice(dim: Int, _ range: Range<Int>, step: Int = 1) throws(TensorError) -> Tensor {
        try produce("slice", [self]) { ct_slice(self.handle, dim, range.lowerBound, range.upperBound, step, $0) }
    }

    /// One index along `dim`, which goes away.
    public func select(dim: Int, index: Int) throws(TensorError) -> Tensor {
        try produce("select", [self]) { ct_select(self.handle, dim, index, $0) }
    }

    /// One index of the first dimension, which goes away.
    public subscript(index: Int) -> Tensor {
        get throws(TensorError) { try select(dim: 0, index: index) }
    }

    /// A range of the first dimension.
    public subscript(range: Range<Int>) -> Tensor {
        get throws(TensorError) {
            try narrow(dim: 0, start: range.lowerBound, length: range.upperBound &- range.lowerBound)
        }
    }

    /// Size-1 dimensions repeated without a copy; −1 keeps a size.
    public func expand(_ shape: [Int]) throws(TensorError) -> Tensor {
        try produce("expand", [self]) { ct_expand(self.handle, shape, shape.count, $0) }
    }

    /// The whole tensor tiled along each dimension. Copies.
    public func `repeat`(_ counts: [Int]) throws(TensorError) -> Tensor {
        try produce("repeat", [self]) { ct_repeat(self.handle, counts, counts.count, $0) }
    }

    /// The order reversed along `dims`. Copies.
    public func flip(_ dims: [Int]) throws(TensorError) -> Tensor {
        try produce("flip", [self]) { ct_flip(self.handle, dims, dims.count, $0) }
    }

    /// Elements moved round by `shift` along `dim`. Copies.
    public func roll(_ shift: Int, dim: Int) throws(TensorError) -> Tensor {
        try produce("roll", [self]) { ct_roll(self.handle, shift, dim, $0) }
    }

    /// The upper triangle; diagonal 0 is the main one, 1 the one above it. Copies.
    public func upperTriangle(diagonal: Int = 0) throws(TensorError) -> Tensor {
        try produce("upperTriangle", [self]) { ct_triangle(self.handle, true, diagonal, $0) }
    }

    /// The lower triangle; diagonal 0 is the main one, −1 the one below it. Copies.
    public func lowerTriangle(diagonal: Int = 0) throws(TensorError) -> Tensor {
        try produce("lowerTriangle", [self]) { ct_triangle(self.handle, false, diagonal, $0) }
    }

    /// Pieces of `size` along `dim`; the last may be shorter. Views.
    public func split(_ size: Int, dim: Int = 0) throws(TensorError) -> [Tensor] {
        guard size > 0 else {
            throw TensorError(.argument, "split", operands: [self], message: "the size of a piece must be positive")
        }
        let total = try self.size(dim)
        var pieces: [Tensor] = []
        for start in stride(from: 0, to: total, by: size) {
            pieces.append(try narrow(dim: dim, start: start, length: Swift.min(size, total - start)))
        }
        return pieces
    }

    /// Pieces of the given sizes along `dim`, which must add up to its size. Views.
    public func split(_ sizes: [Int], dim: Int = 0) throws(TensorError) -> [Tensor] {
        guard try sizes.reduce(0, &+) == size(dim), sizes.allSatisfy({ $0 >= 0 }) else {
            throw TensorError(
                .shape, "split", operands: [self], message: "\(sizes) do not add up to the size of \(dim)")
        }
        var pieces: [Tensor] = []
        var start = 0
        for size in sizes {
            pieces.append(try narrow(dim: dim, start: start, length: size))
            start += size
        }
        return pieces
    }

    /// At most `count` pieces of equal size along `dim`; the last may be shorter. Views.
    public func chunk(_ count: Int, dim: Int = 0) throws(TensorError) -> [Tensor] {
        guard count > 0 else {
            throw TensorError(.argument, "chunk", operands: [self], message: "the number of pieces must be positive")
        }
        let total = try size(dim)
        return try split(Swift.max(1, total / count + (total % count == 0 ? 0 : 1)), dim: dim)
    }
}
