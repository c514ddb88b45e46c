import CutisTensor

/// Bounds on what a graph may allocate: its numbers come from a file that nobody vouches for.
enum KerasLimits {
    /// The most elements of one tensor: 0.25 GB in float32.
    static let maximumElements = 1 << 26
    /// The most dimensions.
    static let maximumRank = 8

    /// Checks a shape before something of that shape is made.
    static func check(_ shape: [Int]) throws(KerasFault) {
        guard shape.count <= maximumRank else {
            throw KerasFault("it makes a tensor of \(shape.count) dimensions; at most \(maximumRank) are computed")
        }
        var count = 1
        for size in shape {
            guard size >= 0 else { throw KerasFault("it makes a tensor with the size \(size)") }
            let (next, overflow) = count.multipliedReportingOverflow(by: max(size, 1))
            guard !overflow, next <= maximumElements else {
                throw KerasFault(
                    "it makes a tensor of shape \(shape); at most \(maximumElements) elements are computed")
            }
            count = next
        }
    }

    /// The shape of two tensors that broadcast against each other, checked.
    static func broadcast(_ a: [Int], _ b: [Int]) throws(KerasFault) -> [Int] {
        let rank = max(a.count, b.count)
        let left = Array(repeating: 1, count: rank - a.count) + a
        let right = Array(repeating: 1, count: rank - b.count) + b
        var shape: [Int] = []
        for (x, y) in zip(left, right) {
            guard x == y || x == 1 || y == 1 else { throw KerasFault("the shapes \(a) and \(b) do not fit") }
            shape.append(x == 1 ? y : x)
        }
        try check(shape)
        return shape
    }

    /// An axis as a place from 0.
    static func axis(_ axis: Int, rank: Int) throws(KerasFault) -> Int {
        let place = axis < 0 ? axis + rank : axis
        guard place >= 0, place < rank else { throw KerasFault("axis \(axis) of a tensor with \(rank) dimensions") }
        return place
    }

    /// Axes as different places from 0; nil means all.
    static func axes(_ axes: [Int]?, rank: Int) throws(KerasFault) -> [Int] {
        guard let axes else { return Array(0..<rank) }
        var places: [Int] = []
        for axis in axes { places.append(try Self.axis(axis, rank: rank)) }
        guard Set(places).count == places.count else { throw KerasFault("the same axis twice in \(axes)") }
        return places
    }
}
