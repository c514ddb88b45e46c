import CutisTensor

extension KerasOperations {
    static let selections: [String: Body] = [
        "Where": { operation in
            let condition = try operation.x(0, "condition")
            guard let a = operation.call.value(1, "x1"), let b = operation.call.value(2, "x2") else {
                throw KerasFault.unsupported("it chooses without two values")
            }
            let (left, right) = try KerasNumbers.pair(a, b)
            _ = try KerasLimits.broadcast(KerasLimits.broadcast(left.shape, right.shape), condition.shape)
            return [try Tensor.where(condition.ne(0), left, right)]
        },
        "GetItem": { operation in
            guard let key = operation.call.arguments.dropFirst().first ?? operation.call.keywords["key"] else {
                throw KerasFault("it has no key")
            }
            return [try item(operation.x(), key)]
        },
        "Take": { operation in
            let x = try operation.x()
            let indices = try operation.x(1, "indices").to(.int64)
            guard let axis = operation.axes?.first else { throw KerasFault.unsupported("it takes without an axis") }
            let place = try KerasLimits.axis(axis, rank: x.rank)
            let size = x.shape[place]
            // Negative indices count from the end.
            let places = try Tensor.where(indices.lt(0), indices + size, indices).reshape([indices.count])
            let shape = x.shape[..<place] + indices.shape + x.shape[(place + 1)...]
            try KerasLimits.check(Array(shape))
            return [try x.indexSelect(dim: place, places).reshape(Array(shape))]
        },
        "Cast": { operation in
            guard case .text(let name) = operation.setting("dtype") else { throw KerasFault("it has no dtype") }
            return [try operation.x().to(KerasNumbers.dtype(name))]
        },
        "ConvertToTensor": same, "StopGradient": same, "Copy": same,
        "OnesLike": { [try filled(like: $0, with: 1)] }, "ZerosLike": { [try filled(like: $0, with: 0)] },
        "FullLike": { operation in
            guard let value = operation.call.value(1, "fill_value")?.double else {
                throw KerasFault.unsupported("it fills with something else than a number")
            }
            return [try filled(like: operation, with: value)]
        },
        "Flip": { operation in
            let x = try operation.x()
            return [try KerasReduction.over(x, axes: operation.axes) { try $0.flip($1) }]
        },
    ]

    private static let same: Body = { [try $0.x()] }

    private static func filled(like operation: KerasOperation, with value: Double) throws -> Tensor {
        let x = try operation.x()
        var type = x.dtype
        if case .text(let name) = operation.setting("dtype") { type = try KerasNumbers.dtype(name) }
        return try Tensor.full(x.shape, value, dtype: type, device: x.device)
    }

    /// Python's subscript: whole numbers, slices with positive steps, `...` and None.
    private static func item(_ x: Tensor, _ key: KerasValue) throws -> Tensor {
        let parts: [KerasValue] = if case .list(let elements) = key { elements } else { [key] }
        var consumed = 0
        var ellipses = 0
        for part in parts {
            switch part {
            case .integer, .slice: consumed += 1
            case .ellipsis: ellipses += 1
            case .none: break
            default: throw KerasFault.unsupported("it selects by something else than numbers and slices")
            }
        }
        guard consumed <= x.rank, ellipses <= 1, x.rank + parts.count <= 2 * KerasLimits.maximumRank else {
            throw KerasFault("a subscript with \(parts.count) parts of a tensor of shape \(x.shape)")
        }
        var result = x
        var place = 0
        for part in parts {
            switch part {
            case .integer(let index):
                let size = result.shape[place]
                let position = index < 0 ? index + size : index
                guard (0..<size).contains(position) else { throw KerasFault("index \(index) of an axis of \(size)") }
                result = try result.select(dim: place, index: position)
            case .slice(let start, let stop, let step):
                result = try slice(result, place, start: start, stop: stop, step: step ?? 1)
                place += 1
            case .ellipsis: place += x.rank - consumed
            default:
                result = try result.unsqueeze(place)
                place += 1
            }
        }
        return result
    }

    private static func slice(_ x: Tensor, _ axis: Int, start: Int?, stop: Int?, step: Int) throws -> Tensor {
        guard step >= 1 else { throw KerasFault.unsupported("a slice with the step \(step)") }
        let size = x.shape[axis]
        func bound(_ value: Int?, default standard: Int) -> Int {
            guard let value else { return standard }
            return min(max(value < 0 ? value + size : value, 0), size)
        }
        let low = bound(start, default: 0)
        return try x.slice(dim: axis, low..<max(low, bound(stop, default: size)), step: step)
    }
}
