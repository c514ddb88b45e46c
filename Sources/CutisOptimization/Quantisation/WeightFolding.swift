package import CutisTensor

/// What is multiplied into the channels of a network's tensors without changing what the network computes.
package struct WeightFolding {
    private struct Factors {
        let dimension: Int
        let start: Int
        let values: [Float]
    }

    private var factors: [String: [Factors]] = [:]

    /// Folds nothing yet.
    package init() {}

    /// Multiplies the input channels of a layer's weight by `values`, and divides what comes before by them.
    package mutating func smooth(_ layer: String, by values: [Float], at site: SmoothingSite) {
        factors["\(layer).weight", default: []].append(Factors(dimension: 1, start: 0, values: values))
        let inverse = values.map { 1 / $0 }
        for target in site.targets {
            factors[target.tensor, default: []].append(
                Factors(dimension: 0, start: target.start, values: inverse))
        }
    }

    /// A tensor with what is folded into it, float32 where that is anything.
    package func callAsFunction(_ name: String, _ tensor: Tensor) throws -> Tensor {
        guard let factors = factors[name] else { return tensor }
        return try factors.reduce(tensor.detach().to(.float32)) { result, part in
            let length = result.shape[part.dimension]
            var all = [Float](repeating: 1, count: length)
            all.replaceSubrange(part.start..<(part.start + part.values.count), with: part.values)
            var shape = Array(repeating: 1, count: result.rank)
            shape[part.dimension] = length
            return try result * Tensor(all, shape: shape)
        }
    }
}
