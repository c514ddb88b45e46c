import CutisCore
public import CutisTensor

/// Multinomial logistic regression with an L2 penalty, fitted by L-BFGS.
///
/// Minimises C·Σ sᵢ·lossᵢ + ½·‖W‖², sᵢ being the weight of example i times that of its class; the biases are not
/// penalised. The optimum is that of scikit-learn's `LogisticRegression(C=…, solver="lbfgs")`. With two classes there is
/// one vector of coefficients, that of the second class, as there.
public struct LogisticRegression {
    /// How the classes are weighed.
    public enum ClassWeight: String, Codable, Sendable, Hashable, CaseIterable {
        /// Every example counts the same.
        case none
        /// w_k = Σs / (K·Σ s of class k): all classes count the same.
        case balanced
    }

    /// float64 [K, D]; [1, D] with two classes.
    public let coefficients: Tensor
    /// float64 [K]; [1] with two classes.
    public let biases: Tensor
    /// How many classes there are.
    public let classCount: Int
    /// Steps that were needed.
    public let iterations: Int
    /// False where the steps ran out before the tolerance was reached.
    public let hasConverged: Bool

    /// Fits.
    ///
    /// - Parameters:
    ///   - features: float64 [N, D], standardised.
    ///   - labels: the class of each example; each class must occur.
    ///   - strength: C, the inverse of the penalty.
    ///   - sampleWeights: one per example, at least 0.
    ///   - start: coefficients to begin with, those of a neighbouring C; nil begins with zeros.
    ///   - tolerance: ends where no element of the gradient of (the objective / (C·Σs)) is larger; scikit-learn's `tol`.
    /// - Throws: `.dataInvalid` where labels, weights and features do not fit or a class has no example.
    public init(
        features: Tensor, labels: [Int], classCount: Int, strength: Double, classWeight: ClassWeight = .none,
        sampleWeights: [Double]? = nil, start: LogisticRegression? = nil, tolerance: Double = 1e-6,
        maximumIterations: Int = 1000
    ) throws {
        let weights = try Self.weights(
            labels: labels, classCount: classCount, rows: features.shape.first ?? 0, classWeight, sampleWeights)
        guard strength > 0, strength.isFinite else {
            throw CutisError(.configInvalid, "C is \(strength).", remedy: "Give a positive number.")
        }
        let width = features.shape[1]
        let rows = classCount == 2 ? 1 : classCount
        let total = weights.reduce(0, +)
        let penalty = 1 / (strength * total)
        let shares = try Tensor(weights.map { $0 / total }, shape: [labels.count, 1])
        // One column per row of coefficients: 1 where the example belongs to it.
        let targets =
            rows == 1
            ? try Tensor(labels.map(Double.init), shape: [labels.count, 1])
            : try Tensor(labels).oneHot(classCount).to(DType.float64)
        let result = try withoutGrad {
            var solver = LBFGS()
            solver.tolerance = tolerance
            solver.maximumIterations = maximumIterations
            let first =
                try start.map { try Tensor.cat([$0.coefficients.flatten(), $0.biases]) }
                ?? Tensor.zeros([rows * (width + 1)], dtype: .float64)
            return try solver.minimise(from: first) { position in
                let weight = try position.narrow(dim: 0, start: 0, length: rows * width).view([rows, width])
                let bias = try position.narrow(dim: 0, start: rows * width, length: rows)
                let logits = try features.linear(weight, bias)
                let (losses, residuals) = try Self.losses(logits, targets)
                let weighted = try residuals * shares
                // [rows, N] · [N, D]; the transposed product reads the features along their rows.
                let slope = try weighted.transpose(0, 1).matmul(features) + weight * penalty
                let value = try (losses * shares).sum().item() + penalty / 2 * weight.square().sum().item()
                return (value, try Tensor.cat([slope.flatten(), weighted.sum([0])]))
            }
        }
        coefficients = try result.position.narrow(dim: 0, start: 0, length: rows * width).view([rows, width])
        biases = try result.position.narrow(dim: 0, start: rows * width, length: rows)
        self.classCount = classCount
        iterations = result.iterations
        hasConverged = result.hasConverged
    }

    /// Probabilities of the classes for standardised features [N, D]: float64 [N, K].
    public func probabilities(_ features: Tensor) throws(TensorError) -> Tensor {
        let logits = try features.linear(coefficients, biases)
        guard classCount == 2 else { return try logits.softmax(dim: 1) }
        return try Tensor.cat([(-logits).sigmoid(), logits.sigmoid()], dim: 1)
    }

    /// The loss of each example [N, 1] and its derivative by the logits [N, rows].
    private static func losses(_ logits: Tensor, _ targets: Tensor) throws -> (Tensor, Tensor) {
        if logits.shape[1] == 1 {
            // log(1 + eᶻ) − y·z, without overflow.
            let softened = try logits.clamp(min: 0) + (-logits.abs()).exp().log1p()
            return (try softened - targets * logits, try logits.sigmoid() - targets)
        }
        let logarithms = try logits.logSoftmax(dim: 1)
        return (try -(logarithms * targets).sum([1], keepdim: true), try logarithms.exp() - targets)
    }

    private static func weights(
        labels: [Int], classCount: Int, rows: Int, _ classWeight: ClassWeight, _ sampleWeights: [Double]?
    ) throws(CutisError) -> [Double] {
        let weights = sampleWeights ?? [Double](repeating: 1, count: labels.count)
        guard labels.count == rows, weights.count == rows, weights.allSatisfy({ $0 >= 0 && $0.isFinite }),
            labels.allSatisfy({ (0..<classCount).contains($0) })
        else {
            throw CutisError(
                .dataInvalid,
                "\(rows) rows of features, \(labels.count) labels in 0…\(classCount - 1) and \(weights.count) weights "
                    + "do not fit.", remedy: "Give one label and one weight for each row.")
        }
        var sums = [Double](repeating: 0, count: classCount)
        for (label, weight) in zip(labels, weights) { sums[label] += weight }
        if let empty = sums.firstIndex(where: { $0 <= 0 }) {
            throw CutisError(
                .dataInvalid, "Class \(empty) has no training example.",
                remedy: "Give examples of it or leave it out of the labels.")
        }
        guard classCount >= 2 else {
            throw CutisError(.dataInvalid, "There is one class only.", remedy: "Give two classes or more.")
        }
        guard classWeight == .balanced else { return weights }
        let total = sums.reduce(0, +)
        return zip(labels, weights).map { $1 * total / (Double(classCount) * sums[$0]) }
    }
}
