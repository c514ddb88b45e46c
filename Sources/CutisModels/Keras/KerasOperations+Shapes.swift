import CutisTensor

extension KerasOperations {
    static let shapes: [String: Body] = [
        "Reshape": { operation in
            guard let shape = (operation.setting("newshape") ?? operation.call.value(1, "newshape"))?.wholes else {
                throw KerasFault("its new shape is no list of sizes")
            }
            return [try KerasShape.reshape(operation.x(), shape)]
        },
        "Ravel": { operation in
            let x = try operation.x()
            return [try x.reshape([x.count])]
        },
        "Transpose": { operation in
            let x = try operation.x()
            let order = operation.setting("axes")?.wholes ?? (0..<x.rank).reversed()
            let places = try KerasLimits.axes(order, rank: x.rank)
            guard places.count == x.rank else { throw KerasFault("its axes \(order) are no order of \(x.rank) axes") }
            return [try x.permute(places)]
        },
        "Swapaxes": { operation in
            let x = try operation.x()
            guard let first = operation.setting("axis1")?.whole, let second = operation.setting("axis2")?.whole else {
                throw KerasFault("it names no axes")
            }
            return [
                try x.transpose(KerasLimits.axis(first, rank: x.rank), KerasLimits.axis(second, rank: x.rank))
            ]
        },
        "Moveaxis": { operation in
            let x = try operation.x()
            guard let source = operation.setting("source")?.whole, let target = operation.setting("destination")?.whole
            else { throw KerasFault.unsupported("it moves more than one axis") }
            var order = Array(0..<x.rank)
            let moved = order.remove(at: try KerasLimits.axis(source, rank: x.rank))
            order.insert(moved, at: try KerasLimits.axis(target, rank: x.rank))
            return [try x.permute(order)]
        },
        "ExpandDims": { operation in
            var x = try operation.x()
            let axes = operation.axes ?? []
            let rank = x.rank + axes.count
            guard !axes.isEmpty, rank <= KerasLimits.maximumRank else { throw KerasFault("its axes \(axes)") }
            for axis in try KerasLimits.axes(axes, rank: rank).sorted() { x = try x.unsqueeze(axis) }
            return [x]
        },
        "Squeeze": { operation in
            let x = try operation.x()
            guard let axes = operation.axes else {
                return [try x.reshape(x.shape.filter { $0 != 1 })]
            }
            let places = Set(try KerasLimits.axes(axes, rank: x.rank))
            guard places.allSatisfy({ x.shape[$0] == 1 }) else {
                throw KerasFault("the axes \(axes) of a tensor of shape \(x.shape) are not all of size 1")
            }
            return [try x.reshape(x.shape.enumerated().filter { !places.contains($0.offset) }.map(\.element))]
        },
        "Concatenate": { operation in
            let tensors = try sameType(operation.list())
            return [try KerasShape.concatenate(tensors, axis: operation.axes?.first ?? 0)]
        },
        "Stack": { operation in
            let tensors = try sameType(operation.list())
            guard let first = tensors.first, tensors.allSatisfy({ $0.shape == first.shape }) else {
                throw KerasFault("it stacks tensors of shapes \(try operation.list().map(\.shape))")
            }
            try KerasLimits.check([tensors.count] + first.shape)
            let axis = try KerasLimits.axis(operation.axes?.first ?? 0, rank: first.rank + 1)
            return [try Tensor.stack(tensors, dim: axis)]
        },
        "Split": split, "ArraySplit": split,
        "Unstack": { operation in
            let x = try operation.x()
            let axis = try KerasLimits.axis(operation.axes?.first ?? 0, rank: x.rank)
            guard x.shape[axis] <= 1024 else { throw KerasFault("it makes \(x.shape[axis]) tensors") }
            return try (0..<x.shape[axis]).map { try x.select(dim: axis, index: $0) }
        },
        "BroadcastTo": { operation in
            let x = try operation.x()
            guard let shape = operation.setting("shape")?.wholes, try KerasLimits.broadcast(x.shape, shape) == shape
            else { throw KerasFault("a tensor of shape \(x.shape) does not broadcast to its shape") }
            return [try x.expand(shape)]
        },
        "Repeat": { operation in
            let x = try operation.x()
            guard let count = operation.setting("repeats")?.whole, count >= 1, let axis = operation.axes?.first else {
                throw KerasFault.unsupported("it repeats without an axis or different parts differently")
            }
            let place = try KerasLimits.axis(axis, rank: x.rank)
            var shape = x.shape
            shape.insert(count, at: place + 1)
            try KerasLimits.check(shape)
            var joined = x.shape
            joined[place] *= count
            return [try x.unsqueeze(place + 1).expand(shape).reshape(joined)]
        },
        "Tile": { operation in
            let x = try operation.x()
            guard let counts = operation.setting("repeats")?.wholes, counts.allSatisfy({ $0 >= 1 }) else {
                throw KerasFault("its repeats are no counts")
            }
            let rank = max(counts.count, x.rank)
            guard rank <= KerasLimits.maximumRank / 2 else { throw KerasFault("it tiles \(rank) axes") }
            let sizes = Array(repeating: 1, count: rank - x.rank) + x.shape
            let times = Array(repeating: 1, count: rank - counts.count) + counts
            let wide = zip(times, sizes).flatMap { [$0, $1] }
            try KerasLimits.check(wide)
            let parts = try x.reshape(sizes.flatMap { [1, $0] }).expand(wide)
            return [try parts.reshape(zip(times, sizes).map { $0 * $1 })]
        },
    ]

    private static let split: Body = { operation in
        let x = try operation.x()
        let axis = try KerasLimits.axis(operation.axes?.first ?? 0, rank: x.rank)
        let size = x.shape[axis]
        let setting = operation.setting("indices_or_sections")
        var bounds: [Int]
        if let count = setting?.whole {
            guard (1...1024).contains(count), size % count == 0 else {
                throw KerasFault("it splits \(size) into \(count) equal parts")
            }
            bounds = (0...count).map { $0 * (size / count) }
        } else {
            bounds = [0] + (setting?.wholes ?? []).map { min(max($0 < 0 ? $0 + size : $0, 0), size) } + [size]
        }
        guard bounds.count <= 1025, bounds == bounds.sorted() else {
            throw KerasFault("its split points are not in order")
        }
        return try zip(bounds, bounds.dropFirst()).map { try x.narrow(dim: axis, start: $0, length: $1 - $0) }
    }

    /// The tensors as float32 where any of them is.
    static func sameType(_ tensors: [Tensor]) throws -> [Tensor] {
        guard Set(tensors.map(\.dtype)).count > 1 else { return tensors }
        let hasReals = tensors.contains { KerasNumbers.isFloating($0.dtype) }
        return try tensors.map { try $0.to(hasReals ? .float32 : .int64) }
    }
}
