import CutisCore
import CutisImaging
import CutisModels
import CutisStatistics
import CutisTensor
import Foundation

/// The figures of a trained model, as `metrics.json` has them.
public struct ModelMetrics: Codable, Sendable {
    /// What the logits are divided by before the soft-max; fitted on validation.
    public let temperature: Double
    /// The threshold for melanoma on the calibrated probability, and what chose it on validation.
    public let melanomaThreshold: Double
    /// The rule in words.
    public let melanomaThresholdRule: String
    /// The images that chose epoch, temperature and threshold: these figures are optimistic.
    public let validation: EvaluationReport
    /// The images that chose neither epoch nor temperature, input size or threshold.
    public let test: EvaluationReport
}

/// Writes what a training leaves behind.
struct DefaultModelReport {
    let configuration: DefaultModelConfiguration
    let dataset: LesionDataset
    let split: DataSplit
    let history: TrainingHistory

    /// Calibrates on validation, evaluates on validation and test, and writes all files.
    ///
    /// The figures are those of the weights as they are stored: rounded to fp16, computed in fp32.
    func write(best: Replica, evaluator: Evaluator, to folder: URL) throws -> DefaultModelTrainer.Outcome {
        let melanoma = try dataset.labels.requiredIndex(of: "mel")
        try round(best)
        let validation = split.validation.map { dataset.images[$0] }
        let test = split.test.map { dataset.images[$0] }
        let (side, validationLogits) = try chosenSide(validation, best, evaluator)
        var evaluator = evaluator
        evaluator.recipe = configuration.recipe(side: side)
        let testLogits = try evaluator.logits(split.test, best.model)
        let scaling = try TemperatureScaling(fitting: validationLogits, labels: validation.map(\.label))
        let validationRows = validationLogits.map(scaling.probabilities)
        let testRows = testLogits.map(scaling.probabilities)
        let threshold = try ThresholdRule.sensitivity(atLeast: configuration.melanomaSensitivity)
            .threshold(
                scores: validationRows.map { $0[melanoma] }, positives: validation.map { $0.label == melanoma })
        let metrics = ModelMetrics(
            temperature: scaling.temperature, melanomaThreshold: threshold,
            melanomaThresholdRule: "best specificity with a sensitivity of at least "
                + "\(fixed(configuration.melanomaSensitivity, 2)) on validation",
            validation: try EvaluationReport(
                probabilities: validationRows, images: validation, labels: dataset.labels, threshold: threshold),
            test: try EvaluationReport(
                probabilities: testRows, images: test, labels: dataset.labels, threshold: threshold))
        let outcome = DefaultModelTrainer.Outcome(
            weights: folder.appendingPathComponent("weights.safetensors"),
            metrics: folder.appendingPathComponent("metrics.json"),
            training: folder.appendingPathComponent("training.json"),
            card: folder.appendingPathComponent("MODEL_CARD.md"))
        try TensorFile.writeHalf(
            best.state, metadata: ["format": "pt", "license": "CC-BY-NC-4.0"], to: outcome.weights)
        try AtomicOutput.file(outcome.metrics, Data((JSONText.of(metrics, pretty: true) + "\n").utf8))
        let record = TrainingRecord(
            configuration: configuration, recipe: evaluator.recipe, split: partCounts, history: history,
            parameters: parameterCount(best))
        try AtomicOutput.file(outcome.training, Data((JSONText.of(record, pretty: true) + "\n").utf8))
        let card = ModelCard(
            configuration: configuration, labels: dataset.labels, parts: partCounts, record: record, metrics: metrics)
        try AtomicOutput.file(outcome.card, Data(card.text.utf8))
        try PredictionTable.write(
            [("validation", validation, validationRows), ("test", test, testRows)], labels: dataset.labels,
            to: folder.appendingPathComponent("predictions.csv"))
        return outcome
    }

    /// The side with the best score on validation, and the logits there.
    private func chosenSide(
        _ images: [LesionImage], _ best: Replica, _ evaluator: Evaluator
    ) throws -> (side: Int, logits: [[Double]]) {
        let melanoma = try dataset.labels.requiredIndex(of: "mel")
        var chosen: (score: Double, side: Int, logits: [[Double]]) = (-1, 0, [])
        for side in configuration.evaluationSides {
            var evaluator = evaluator
            evaluator.recipe = configuration.recipe(side: side)
            let logits = try evaluator.logits(split.validation, best.model)
            let score = try Evaluator.figures(
                logits: logits, labels: images.map(\.label), melanoma: melanoma,
                sensitivity: configuration.melanomaSensitivity
            ).score
            if score > chosen.score { chosen = (score, side, logits) }
        }
        return (chosen.side, chosen.logits)
    }

    private func round(_ replica: Replica) throws(TensorError) {
        try withoutGrad { () throws(TensorError) in
            for weight in replica.state { try weight.tensor.copyInPlace(from: weight.tensor.to(.float16)) }
        }
    }

    private func parameterCount(_ replica: Replica) -> Int {
        replica.parameters.reduce(0) { $0 + $1.tensor.count }
    }

    private var partCounts: [String: [String: Int]] {
        let parts = [("train", split.train), ("validation", split.validation), ("test", split.test)]
        return Dictionary(
            uniqueKeysWithValues: parts.map { name, rows in
                var counts: [String: Int] = [:]
                for row in rows { counts[dataset.labels.labels[dataset.images[row].label].id, default: 0] += 1 }
                return (name, counts)
            })
    }
}

/// What `training.json` has: everything that is needed to do it again.
struct TrainingRecord: Codable, Sendable {
    let configuration: DefaultModelConfiguration
    /// The preprocessing that inference must use.
    let recipe: PreprocessingRecipe
    /// Images per part and class.
    let split: [String: [String: Int]]
    let history: TrainingHistory
    let parameters: Int
    /// The day, in UTC.
    let date: String
    let engine: String
    let machine: String

    init(
        configuration: DefaultModelConfiguration, recipe: PreprocessingRecipe, split: [String: [String: Int]],
        history: TrainingHistory,
        parameters: Int
    ) {
        self.configuration = configuration
        self.recipe = recipe
        self.split = split
        self.history = history
        self.parameters = parameters
        let formatter = ISO8601DateFormatter()
        formatter.formatOptions = [.withFullDate]
        date = formatter.string(from: Date())
        engine = "LibTorch \(Runtime.version)"
        #if arch(x86_64)
            let processor = "x86-64"
        #else
            let processor = "arm64"
        #endif
        machine = "\(processor) CPU, \(configuration.replicas) threads"
    }
}
