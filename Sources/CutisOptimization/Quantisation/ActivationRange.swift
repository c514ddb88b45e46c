package import CutisTensor

/// Finds how the input of a layer becomes uint8.
package struct ActivationRange {
    /// The shares of the whole range that are tried.
    private static let shares = (0...24).map { 1 - 0.03 * Double($0) }
    /// The shares of numbers that a percentile range holds.
    private static let percentiles = [0.999, 0.9999, 0.99999]

    private let search: OptimizationRequest.RangeSearch
    private let takesWhole: Bool

    /// - Parameter takesWhole: takes the whole range as it is.
    package init(_ search: OptimizationRequest.RangeSearch, takesWhole: Bool = false) {
        self.search = search
        self.takesWhole = takesWhole
    }

    /// The quantisation with the smallest error on sampled rows.
    ///
    /// - Parameters:
    ///   - rows: [rows, numbers], float32.
    ///   - weights: [rows, 1], float32: for how many rows each row stands.
    ///   - whole: the smallest and the largest number of everything that was seen.
    package func find(_ rows: Tensor, weights: Tensor, whole: ClosedRange<Double>) throws -> Quantisation {
        guard !takesWhole, rows.count > 0 else { return Quantisation(range: whole) }
        var best = (error: Double.infinity, quantisation: Quantisation(range: whole))
        for range in try candidates(rows, whole) {
            let quantisation = Quantisation(range: range)
            let difference = try rows.roundTrip(quantisation) - rows
            let error = try (difference.abs().pow(search.power) * weights).sum().item()
            if error < best.error { best = (error, quantisation) }
        }
        return best.quantisation
    }

    private func candidates(_ rows: Tensor, _ whole: ClosedRange<Double>) throws -> [ClosedRange<Double>] {
        switch search {
        case .l4, .mse:
            return Self.shares.map { whole.lowerBound * $0...whole.upperBound * $0 }
        case .percentile:
            let sorted = try rows.floats().sorted()
            return Self.percentiles.map { share in
                let last = Double(sorted.count - 1)
                let low = sorted[Int(((1 - share) / 2 * last).rounded())]
                let high = sorted[Int(((1 + share) / 2 * last).rounded())]
                return Double(low)...Double(high)
            } + [whole]
        }
    }
}

extension OptimizationRequest.RangeSearch {
    /// The power of the error that is added up.
    fileprivate var power: Double { self == .l4 ? 4 : 2 }
}

extension Tensor {
    /// What is left of float32 numbers after they were uint8.
    package func roundTrip(_ quantisation: Quantisation) throws(TensorError) -> Tensor {
        let zero = Double(quantisation.zero)
        let levels = try (self / quantisation.scale).round().clamp(min: -zero, max: 255 - zero)
        return try levels * quantisation.scale
    }
}
