import CutisTensor

/// Minimises a smooth function of one vector by limited-memory BFGS.
///
/// The two-loop recursion of Nocedal (1980) with a line search for the strong Wolfe conditions (Nocedal and Wright,
/// Numerical Optimization, 2006, algorithms 3.5, 3.6 and 7.5). Vectors are tensors; nothing is random.
struct LBFGS {
    /// Pairs of steps and gradient changes that are kept.
    var history = 10
    /// Ends where no element of the gradient is larger.
    var tolerance = 1e-6
    /// Ends after so many steps.
    var maximumIterations = 1000

    /// What a function gives at a point.
    typealias Point = (value: Double, gradient: Tensor)

    /// Where a minimisation ended.
    struct Result {
        let position: Tensor
        let value: Double
        let iterations: Int
        let evaluations: Int
        /// The largest element of the gradient there.
        let gradientNorm: Double
        let hasConverged: Bool
    }

    /// A past step s, the change of the gradient y, and 1 / (s·y).
    private struct Pair {
        let step: Tensor
        let change: Tensor
        let inverse: Double
    }

    /// Minimises from a start.
    ///
    /// - Parameters:
    ///   - start: float64 [n].
    ///   - function: the value and gradient [n] at a point.
    /// - Returns: the best point; `hasConverged` is false where the iterations ran out or no step makes the value
    ///   smaller within the numbers' precision before the gradient is small enough.
    func minimise(from start: Tensor, _ function: @escaping (Tensor) throws -> Point) throws -> Result {
        var position = start
        var (value, gradient) = try function(start)
        var pairs: [Pair] = []
        var iterations = 0
        var evaluations = 1
        var largest = try Self.largest(gradient)
        while largest > tolerance, iterations < maximumIterations, value.isFinite {
            var direction = try descent(gradient, pairs)
            var slope = try Self.dot(gradient, direction)
            if slope >= 0 {
                // Rounding has spoilt the curvature; the gradient itself always leads down.
                pairs = []
                direction = try -gradient
                slope = try Self.dot(gradient, direction)
            }
            // Without curvature there is no scale: the first step has length 1 at most.
            let first = pairs.isEmpty ? min(1, 1 / (-slope).squareRoot()) : 1
            var search = WolfeSearch(value: value, slope: slope) { length in
                let point = try position + direction * length
                let (value, gradient) = try function(point)
                return WolfeSearch.Trial(
                    length: length, value: value, slope: try Self.dot(gradient, direction), position: point,
                    gradient: gradient)
            }
            let found = try search.run(first: first)
            evaluations += search.evaluations
            guard let found else {
                guard !pairs.isEmpty else { break }
                pairs = []
                continue
            }
            let step = try found.position - position
            let change = try found.gradient - gradient
            let curvature = try Self.dot(step, change)
            if curvature > 1e-300 {
                pairs.append(Pair(step: step, change: change, inverse: 1 / curvature))
                if pairs.count > history { pairs.removeFirst() }
            }
            (position, value, gradient) = (found.position, found.value, found.gradient)
            largest = try Self.largest(gradient)
            iterations += 1
        }
        return Result(
            position: position, value: value, iterations: iterations, evaluations: evaluations,
            gradientNorm: largest, hasConverged: largest <= tolerance)
    }

    /// −H·gradient by the two-loop recursion.
    private func descent(_ gradient: Tensor, _ pairs: [Pair]) throws -> Tensor {
        var direction = try -gradient
        var shares: [Double] = []
        for pair in pairs.reversed() {
            let share = try Self.dot(pair.step, direction) * pair.inverse
            direction = try direction - pair.change * share
            shares.append(share)
        }
        if let last = pairs.last {
            direction = try direction * (1 / (last.inverse * Self.dot(last.change, last.change)))
        }
        for (pair, share) in zip(pairs, shares.reversed()) {
            let back = try Self.dot(pair.change, direction) * pair.inverse
            direction = try direction + pair.step * (share - back)
        }
        return direction
    }

    private static func dot(_ a: Tensor, _ b: Tensor) throws -> Double { try (a * b).sum().item() }

    private static func largest(_ x: Tensor) throws -> Double { try x.abs().max().item() }
}
