import CutisTensor

/// Reductions of `keras.ops`, with Keras's rules for axes and types.
enum KerasReduction {
    /// Whether any element is not 0, over some axes.
    static func any(_ x: Tensor, axes: [Int]?, keep: Bool) throws -> Tensor {
        try places(x, axes, { try x.ne(0).to(.float32).max($0, keepdim: keep).gt(0.5) }, empty: { try x.ne(0) })
    }

    /// Whether all elements are not 0, over some axes.
    static func all(_ x: Tensor, axes: [Int]?, keep: Bool) throws -> Tensor {
        try places(x, axes, { try x.ne(0).to(.float32).min($0, keepdim: keep).gt(0.5) }, empty: { try x.ne(0) })
    }

    /// One of the reductions that LibTorch has for several axes.
    static func over(
        _ x: Tensor, axes: [Int]?, _ body: (Tensor, [Int]) throws -> Tensor
    ) throws -> Tensor {
        try places(x, axes, { try body(x, $0) }, empty: { x })
    }

    /// Resolves the axes; no axes at all (a scalar, or an empty list) leave the tensor as it is.
    private static func places(
        _ x: Tensor, _ axes: [Int]?, _ body: ([Int]) throws -> Tensor, empty: () throws -> Tensor
    ) throws -> Tensor {
        let places = try KerasLimits.axes(axes, rank: x.rank)
        return places.isEmpty ? try empty() : try body(places)
    }
}
