public import CutisCore
import CutisModels
import CutisStatistics
import CutisTensor
import Foundation

/// Trains a gated-attention head on cached embeddings.
///
/// Everything random comes from the seed: the fresh weights and the dropout from one tensor generator, the order of the
/// cases of epoch e from stream e of the seed. The same cases, configuration and number of threads give the same bits.
public final class MILTrainer {
    /// What happened in one epoch.
    public struct Epoch: Codable, Sendable, Hashable {
        /// From 1.
        public let number: Int
        /// The mean loss of the training cases, with dropout.
        public let loss: Double
        /// The mean loss of the validation cases.
        public let validationLoss: Double
        /// The metric on the validation cases.
        public let score: Double

        enum CodingKeys: String, CodingKey {
            case number = "epoch"
            case validationLoss = "validation_loss"
            case loss, score
        }
    }

    private let configuration: MILConfiguration
    private let labels: LabelSet
    private let training: MILCases
    private let validation: MILCases
    private let reader: WeightReader
    private let model: GatedAttentionMIL
    private let generator: Generator
    private let objective: MultiLabelObjective
    private let optimiser: AdamW

    /// Prepares a training.
    ///
    /// - Parameters:
    ///   - labels: the labels in the order of the targets; one for a binary head.
    ///   - validation: the cases that choose the epoch and the thresholds.
    /// - Throws: `.dataInvalid` where a part has no positive or no negative case of a label, or the widths differ;
    ///   `.configInvalid`.
    public init(
        training: MILCases, validation: MILCases, labels: LabelSet, configuration: MILConfiguration
    ) throws {
        try configuration.check()
        try training.requireBothAnswers(labels, part: "training")
        try validation.requireBothAnswers(labels, part: "validation")
        guard training.bags.shape[2] == validation.bags.shape[2] else {
            throw CutisError(
                .dataInvalid,
                "Training embeddings have \(training.bags.shape[2]) numbers and those of validation "
                    + "\(validation.bags.shape[2]).", remedy: "Make both with the same model.")
        }
        self.configuration = configuration
        self.labels = labels
        self.training = training
        self.validation = validation
        generator = try Generator(seed: configuration.seed)
        reader = WeightReader.initialising(generator: generator)
        let architecture = configuration.architecture(inputWidth: training.bags.shape[2], classCount: labels.count)
        model = try GatedAttentionMIL(architecture, reader)
        objective = Self.objective(configuration, training)
        let parameters = reader.parameters.map(\.tensor)
        let matrices = parameters.indices.filter { parameters[$0].rank > 1 }
        optimiser = try AdamW(
            parameters,
            groups: [
                ParameterGroup(indices: matrices, weightDecay: configuration.weightDecay),
                ParameterGroup(indices: parameters.indices.filter { parameters[$0].rank <= 1 }),
            ])
        if configuration.startsAtPrevalence { try startAtPrevalence(architecture) }
    }

    /// Trains until the epochs or the patience run out and goes back to the best epoch.
    ///
    /// - Parameter report: is told each epoch; what it throws ends the training.
    /// - Returns: the head of the best epoch with its thresholds.
    /// - Throws: `.computeFailed` where the loss is not finite; `.cancelled` and whatever else `report` throws.
    public func run(report: (Epoch) throws -> Void = { _ in }) throws -> TrainedMILHead {
        let parameters = reader.parameters.map(\.tensor)
        var best: [Tensor] = []
        var bestEpoch: Epoch?
        var history: [Epoch] = []
        let targets = try training.targetTensor()
        for number in 1...configuration.epochs {
            let loss = try train(number, targets, parameters)
            let (validationLoss, score, _) = try validate()
            let epoch = Epoch(number: number, loss: loss, validationLoss: validationLoss, score: score)
            history.append(epoch)
            try report(epoch)
            if score > bestEpoch?.score ?? -.infinity {
                bestEpoch = epoch
                best = try withoutGrad { try parameters.map { try $0.detach().clone() } }
            } else if number - (bestEpoch?.number ?? 0) >= configuration.patience {
                break
            }
        }
        try withoutGrad { () throws(TensorError) in try TensorList.copy(parameters, from: best) }
        let probabilities = try validate().probabilities
        var thresholds: [Double] = []
        for label in 0..<labels.count {
            thresholds.append(
                try configuration.thresholdRule.threshold(
                    scores: probabilities.map { $0[label] }, positives: validation.targets.map { $0[label] }))
        }
        return TrainedMILHead(
            labels: labels, thresholds: thresholds, history: history, best: bestEpoch ?? history[0], reader: reader,
            model: model)
    }

    private func train(_ epoch: Int, _ targets: Tensor, _ parameters: [Tensor]) throws -> Double {
        var order = Array(0..<training.count)
        var shuffler = SeededGenerator(seed: configuration.seed, stream: UInt64(epoch))
        shuffler.shuffle(&order)
        var sum = 0.0
        for start in stride(from: 0, to: order.count, by: configuration.batchSize) {
            let batch = Array(order[start..<min(start + configuration.batchSize, order.count)])
            let rows = try Tensor(batch)
            let logits = try model(
                bag: training.bags.indexSelect(dim: 0, rows), mask: training.mask.indexSelect(dim: 0, rows),
                training: true, generator: generator
            ).logits
            let loss = try objective(logits, targets.indexSelect(dim: 0, rows), count: batch.count)
            let gradients = try Tensor.gradients(of: loss, withRespectTo: parameters)
            let norm = try TensorList.clipNorm(gradients, maximum: configuration.gradientNorm)
            let value = try loss.item()
            guard value.isFinite, norm.isFinite else {
                throw CutisError(
                    .computeFailed, "The loss of the head is not finite in epoch \(epoch).",
                    remedy: "Use a lower mil.learning_rate, and check the embeddings for very large numbers.")
            }
            try optimiser.step(gradients: gradients, rate: configuration.learningRate)
            sum += value * Double(batch.count)
        }
        return sum / Double(training.count)
    }

    private func validate() throws -> (loss: Double, score: Double, probabilities: [[Double]]) {
        try withoutGrad {
            let logits = try model(bag: validation.bags, mask: validation.mask).logits
            let loss = try objective(logits, validation.targetTensor(), count: validation.count).item()
            let flat = try logits.sigmoid().doubles()
            let probabilities = (0..<validation.count).map { row in
                Array(flat[row * labels.count..<(row + 1) * labels.count])
            }
            return (loss, try score(probabilities), probabilities)
        }
    }

    private func score(_ probabilities: [[Double]]) throws -> Double {
        guard probabilities.allSatisfy({ $0.allSatisfy(\.isFinite) }) else {
            throw CutisError(
                .computeFailed, "The head's probabilities are not finite.",
                remedy: "Use a lower mil.learning_rate.")
        }
        let scores = try (0..<labels.count).map { label in
            let scores = probabilities.map { $0[label] }
            let positives = validation.targets.map { $0[label] }
            guard configuration.metric == .averagePrecision else {
                return try ROC.area(scores: scores, positives: positives)
            }
            var (sum, recall) = (0.0, 0.0)
            for point in try PrecisionRecall.curve(scores: scores, positives: positives) {
                sum += (point.recall - recall) * point.precision
                recall = point.recall
            }
            return sum
        }
        return scores.reduce(0, +) / Double(scores.count)
    }

    private static func objective(_ configuration: MILConfiguration, _ cases: MILCases) -> MultiLabelObjective {
        let even = [Double](repeating: 1, count: cases.targets[0].count)
        switch configuration.loss {
        case .plain: return MultiLabelObjective(positiveWeights: even)
        case .focal:
            return MultiLabelObjective(
                positiveWeights: even, focalGamma: configuration.focalGamma, focalAlpha: configuration.focalAlpha)
        case .weighted:
            let weights = cases.positiveCounts.map { positives in
                min(Double(cases.count - positives) / Double(positives), configuration.maximumPositiveWeight)
            }
            return MultiLabelObjective(positiveWeights: weights)
        }
    }

    /// Sets the last biases to log(p / (1 − p)) (Lin et al. 2017, section 4.1: no early steps are lost on learning that
    /// a label is rare).
    private func startAtPrevalence(_ architecture: GatedAttentionMILConfig) throws {
        let name = "classifier.\(4 * architecture.sharedLayers).bias"
        guard let bias = reader.parameters.first(where: { $0.name == name })?.tensor else { return }
        let odds = training.positiveCounts.map { positives in
            Float(log(Double(positives) / Double(training.count - positives)))
        }
        try withoutGrad { () throws(TensorError) in try bias.copyInPlace(from: Tensor(odds)) }
    }
}
