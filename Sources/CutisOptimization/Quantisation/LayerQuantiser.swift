import CutisModels
import CutisTensor
import Foundation

/// How one layer becomes int8.
struct QuantisedLayer {
    /// The canonical name.
    let name: String
    /// How its input is quantised.
    let input: Quantisation
    /// What its input channels are divided by, and its site; nil where that does not help or cannot be done.
    let smoothing: (factors: [Float], site: SmoothingSite)?
    /// The exponent of the factors.
    let exponent: Double?
    /// ‖int8 result − float result‖ / ‖float result‖ on the sampled rows.
    let error: Double
}

/// Decides scales and smoothing of one layer after another by the error of its result on sampled inputs.
struct LayerQuantiser {
    /// The exponents of SmoothQuant that are tried, beside no smoothing.
    private static let exponents = [0.35, 0.5, 0.65, 0.8]
    /// Factors beyond would only move the trouble to the weights.
    private static let factorLimit: Float = 1000

    let method: OptimizationRequest.Method
    let range: OptimizationRequest.RangeSearch

    /// Tries every exponent and keeps the best.
    ///
    /// - Parameter weight: [outputs, inputs, …].
    func quantise(
        _ name: String, weight: Tensor, sample: LayerSample, site: SmoothingSite?
    ) throws -> QuantisedLayer {
        let matrix = try weight.detach().to(.float32).reshape([weight.shape[0], sample.channels * sample.area])
        let rows = try Tensor(sample.values, shape: [sample.rows, sample.channels * sample.area])
        let shares = try Tensor(sample.weights, shape: [sample.rows, 1])
        let exact = try rows.matmul(matrix.transpose(0, 1))
        let norm = try (exact.square() * shares).sum().item()
        var choices: [(exponent: Double?, factors: [Float]?)] = [(nil, nil)]
        if method == .smooth, site != nil {
            let columns = try Self.columnMagnitudes(matrix, sample)
            choices += Self.exponents.map { ($0, Self.factors(sample.magnitudes, columns, exponent: $0)) }
        }
        var best: QuantisedLayer?
        for (exponent, factors) in choices {
            let (input, result) = try quantised(rows, shares, matrix, sample, factors)
            let error = try ((result - exact).square() * shares).sum().item()
            let relative = norm > 0 ? (error / norm).squareRoot() : (error > 0 ? .infinity : 0)
            if let best, !(relative < best.error) { continue }
            let smoothing = factors.flatMap { factors in site.map { (factors, $0) } }
            best = QuantisedLayer(
                name: name, input: input, smoothing: smoothing, exponent: exponent, error: relative)
        }
        guard let best else { throw TensorError(.internal, "quantise", message: "nothing was tried for \(name)") }
        return best
    }

    /// How the input is quantised, and what the layer then gives for the rows.
    private func quantised(
        _ rows: Tensor, _ shares: Tensor, _ matrix: Tensor, _ sample: LayerSample, _ factors: [Float]?
    ) throws -> (input: Quantisation, result: Tensor) {
        var (inputs, weight) = (rows, matrix)
        if let factors {
            let each = factors.flatMap { Array(repeating: $0, count: sample.area) }
            let spread = try Tensor(each, shape: [1, each.count])
            inputs = try rows / spread
            weight = try matrix * spread
        }
        let finder = ActivationRange(range, takesWhole: method == .minmax)
        let input = try finder.find(inputs, weights: shares, whole: Self.whole(sample, factors))
        let rowwise = try RowQuantisation(weight, method == .minmax ? .perTensor : .perOutput)
        let restored = try rowwise.weight.to(.float32) * rowwise.scales.unsqueeze(1)
        return (input, try inputs.roundTrip(input).matmul(restored.transpose(0, 1)))
    }

    private static func whole(_ sample: LayerSample, _ factors: [Float]?) -> ClosedRange<Double> {
        var (low, high): (Float, Float) = (0, 0)
        for channel in 0..<sample.channels {
            let factor = factors?[channel] ?? 1
            low = min(low, sample.smallest[channel] / factor)
            high = max(high, sample.largest[channel] / factor)
        }
        return Double(low)...Double(high)
    }

    private static func columnMagnitudes(_ matrix: Tensor, _ sample: LayerSample) throws -> [Float] {
        try matrix.abs().max([0]).reshape([sample.channels, sample.area]).max([1]).floats()
    }

    /// max|X_j|^α / max|W_j|^(1 − α), around 1; 1 for channels of which one side is zero.
    private static func factors(_ inputs: [Float], _ columns: [Float], exponent: Double) -> [Float] {
        let raw = zip(inputs, columns).map { input, column -> Double? in
            guard input > 0, column > 0 else { return nil }
            return pow(Double(input), exponent) / pow(Double(column), 1 - exponent)
        }
        let logarithms = raw.compactMap { $0.map { log($0) } }
        let middle = exp(logarithms.reduce(0, +) / Double(max(logarithms.count, 1)))
        return raw.map { value in
            guard let value else { return 1 }
            return min(max(Float(value / middle), 1 / factorLimit), factorLimit)
        }
    }
}
