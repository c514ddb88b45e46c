import CutisCore
import CutisDatasets
import CutisImaging
import CutisInference
import CutisModels
import CutisStatistics
import CutisTensor
import Foundation

/// Makes of a run's best weights what people use: calibrated figures, thresholds, a model card and a verified bundle.
struct TrainingReport {
    private let setup: TrainingSetup
    private let state: TrainingState
    private let crossValidation: CrossValidationReport?

    /// - Parameters:
    ///   - state: the end of the training.
    ///   - crossValidation: of the same recipe, for the card; nil for none.
    init(_ setup: TrainingSetup, state: TrainingState, crossValidation: CrossValidationReport?) {
        self.setup = setup
        self.state = state
        self.crossValidation = crossValidation
    }

    private var configuration: TrainingConfiguration { setup.configuration }
    private var labels: LabelSet { setup.data.dataset.labels }

    /// Calibrates on validation, evaluates on validation and test, and writes `metrics.json`, `predictions.csv`,
    /// `MODEL_CARD.md` and `bundle/`.
    ///
    /// The figures are those of the weights as they are stored: rounded to fp16, computed in fp32.
    ///
    /// - Returns: the bundle.
    func write(recommendations: URL?) throws -> URL {
        let model = try setup.makeModel()
        _ = try setup.best.read(into: model.state)
        model.isTraining = false
        try withoutGrad { () throws(TensorError) in
            for weight in model.state { try weight.tensor.copyInPlace(from: weight.tensor.to(.float16)) }
        }
        let rows = setup.data.rows(.validation)
        let (side, logits) = try chosenSide(model, rows)
        let scaling = try TemperatureScaling(fitting: logits, labels: truth(rows))
        let validation = logits.map(scaling.probabilities)
        let thresholds = try setup.watched.map { try self.thresholds(validation, rows, $0) }
        let testRows = setup.data.rows(.test)
        var evaluator = setup.evaluator
        evaluator.recipe = setup.recipe(side: side)
        let test = try testRows.isEmpty ? [] : evaluator.logits(testRows, model).map(scaling.probabilities)
        let metrics = TrainingMetrics(
            bestEpoch: state.bestEpoch ?? 0, epochs: state.epoch, imageSize: side, temperature: scaling.temperature,
            watched: setup.watched.map { labels.labels[$0].id }, thresholds: thresholds,
            parameters: model.parameters.reduce(0) { $0 + $1.tensor.count }, images: imageCounts,
            date: Date().formatted(.iso8601.year().month().day()), engine: "LibTorch \(Runtime.version)",
            validation: try evaluation(validation, rows, thresholds),
            test: testRows.isEmpty ? nil : try evaluation(test, testRows, thresholds))
        let folder = setup.folder.url
        try AtomicOutput.file(
            folder.appendingPathComponent("metrics.json"), Data((JSONText.of(metrics, pretty: true) + "\n").utf8))
        try PredictionTable.write(
            predictions("validation", rows, validation) + predictions("test", testRows, test), labels: labels,
            to: folder.appendingPathComponent("predictions.csv"))
        let card = ModelCard(
            configuration: configuration, model: model.configuration, recipe: evaluator.recipe, labels: labels,
            metrics: metrics, crossValidation: crossValidation
        ).text
        let calibration = setup.watched.map { label in
            RiskCalibration(
                class: labels.labels[label].id, scores: validation.map { $0[label] },
                positives: truth(rows).map { $0 == label })
        }
        return try writeBundle(
            model, metrics, evaluator.recipe, card: card, recommendations: recommendations, calibration: calibration)
    }

    private func writeBundle(
        _ model: TrainableModel, _ metrics: TrainingMetrics, _ recipe: PreprocessingRecipe, card: String,
        recommendations: URL?, calibration: RiskCalibration?
    ) throws -> URL {
        let words = configuration.card
        var thresholds: [String: Double] = [:]
        if let label = metrics.watched, let chosen = metrics.thresholds { thresholds[label] = chosen.sensitivity }
        let manifest = BundleManifest(
            id: configuration.name, version: words.version, task: .classification, architecture: model.configuration,
            preprocessing: recipe, activation: .softmax, labels: labels, thresholds: thresholds,
            temperature: metrics.temperature, intendedUse: words.use, licence: words.licence,
            trainingData: words.data ?? "Not stated.")
        let output = setup.folder.url.appendingPathComponent("bundle")
        // A run that ended before its bundle was whole writes it again.
        if FileManager.default.fileExists(atPath: output.path) { try FileManager.default.removeItem(at: output) }
        try BundleWriter.write(
            manifest, to: output, modelCard: card,
            // The rules are about these seven diagnoses.
            recommendations: try labels.labels.map(\.id) == LabelSet.ham10000.labels.map(\.id)
                ? recommendations.map { try Data(contentsOf: $0) } : nil
        ) { folder in
            try TensorFile.writeHalf(
                model.state, metadata: ["format": "pt", "license": words.licence],
                to: folder.appendingPathComponent(BundleLayout.weights))
            if let calibration {
                try AtomicOutput.file(
                    folder.appendingPathComponent(BundleLayout.calibration),
                    Data((JSONText.of(calibration, pretty: true) + "\n").utf8))
            }
        }
        return output
    }

    /// The side with the best score on validation, and the logits there.
    private func chosenSide(_ model: TrainableModel, _ rows: [Int]) throws -> (side: Int, logits: [[Double]]) {
        let asked = configuration.validation.imageSizes
        let sides = asked.isEmpty ? [configuration.model.imageSize] : asked
        var chosen: (score: Double, side: Int, logits: [[Double]])?
        for side in sides {
            var evaluator = setup.evaluator
            evaluator.recipe = setup.recipe(side: side)
            let logits = try evaluator.logits(rows, model)
            let score = try setup.figures(logits: logits, rows: rows).score(configuration.validation.metric)
            if chosen.map({ score > $0.score }) ?? true { chosen = (score, side, logits) }
        }
        return (chosen?.side ?? sides[0], chosen?.logits ?? [])
    }

    private func thresholds(
        _ probabilities: [[Double]], _ rows: [Int], _ label: Int
    ) throws -> TrainingMetrics.Thresholds {
        let scores = probabilities.map { $0[label] }
        let positives = truth(rows).map { $0 == label }
        func pick(_ rule: ThresholdRule) throws -> Double {
            ThresholdRule.midway(below: try rule.threshold(scores: scores, positives: positives), scores: scores)
        }
        return TrainingMetrics.Thresholds(
            sensitivity: try pick(.sensitivity(atLeast: configuration.validation.minimumSensitivity)),
            specificity: try pick(.specificity(atLeast: configuration.validation.minimumSpecificity)),
            youden: try pick(.youden),
            balanced: try ThresholdRule.balancedOnGrid.threshold(scores: scores, positives: positives))
    }

    private func evaluation(
        _ probabilities: [[Double]], _ rows: [Int], _ thresholds: TrainingMetrics.Thresholds?
    ) throws -> EvaluationReport {
        let watched = setup.watched.flatMap { label in thresholds.map { (label, $0.sensitivity) } }
        return try EvaluationReport(
            probabilities: probabilities, truth: truth(rows), facts: rows.map { setup.data.sample($0).facts },
            labels: labels, watched: watched)
    }

    private func truth(_ rows: [Int]) -> [Int] { rows.map { setup.data.images.labels[$0] } }

    private func predictions(_ split: String, _ rows: [Int], _ probabilities: [[Double]]) -> [PredictionTable.Row] {
        zip(rows, probabilities).map { row, numbers in
            PredictionTable.Row(
                name: setup.data.sample(row).id, split: split, label: setup.data.images.labels[row],
                probabilities: numbers)
        }
    }

    private var imageCounts: [String: [String: Int]] {
        Dictionary(
            uniqueKeysWithValues: SplitName.allCases.map { split in
                (
                    split.rawValue,
                    Dictionary(uniqueKeysWithValues: zip(labels.labels.map(\.id), setup.data.counts(split)))
                )
            })
    }
}
