import CutisCore
import CutisImaging
import CutisModels
import CutisTensor
import Foundation

/// What happened in one epoch.
struct EpochRecord: Codable, Sendable {
    let epoch: Int
    let side: Int
    let loss: Double
    let seconds: Double
    let imagesPerSecond: Double
    let validation: ValidationFigures?
}

/// What became of a training.
struct TrainingHistory: Codable, Sendable {
    var epochs: [EpochRecord] = []
    var bestEpoch = 0
    var bestScore = 0.0
}

/// The loop over epochs and batches, from fresh weights (or a checkpoint) to the best averaged weights.
final class TrainingLoop {
    private let configuration: DefaultModelConfiguration
    private let dataset: LesionDataset
    private let split: DataSplit
    private let loader: BatchLoader
    private let evaluator: Evaluator
    private let replicas: [Replica]
    private let averaged: Replica
    private let average: WeightAverage
    private let optimiser: AdamW
    private let stepper: DataParallelStep
    private let melanoma: Int
    private let trainingCounts: [Int]
    private let folder: URL
    private let configurationText: String
    private var history = TrainingHistory()
    private var step = 0
    private var lastReport = Date.distantPast

    init(
        configuration: DefaultModelConfiguration, dataset: LesionDataset, split: DataSplit, cache: ImageCache,
        folder: URL
    ) throws {
        self.configuration = configuration
        self.dataset = dataset
        self.split = split
        self.folder = folder
        melanoma = try dataset.labels.requiredIndex(of: "mel")
        loader = BatchLoader(
            cache: cache, labels: dataset.images.map(\.label), rows: split.train,
            batchSize: configuration.batchSize, augmentation: configuration.augmentation,
            normalisation: try Normalisation(
                mean: configuration.mean, deviation: configuration.deviation),
            seed: configuration.seed, workers: configuration.loaderWorkers)
        guard loader.batchCount > 0 else {
            throw CutisError(
                .dataInvalid, "The \(split.train.count) training images do not fill one batch.",
                remedy: "Give more images or a smaller batch.")
        }
        evaluator = Evaluator(
            cache: cache, recipe: configuration.recipe(side: configuration.evaluationSides[0]),
            threads: configuration.replicas)
        replicas = try (0..<configuration.replicas).map { _ in
            try Replica(configuration.architecture, seed: configuration.seed, trainable: true)
        }
        averaged = try Replica(configuration.architecture, seed: configuration.seed, trainable: false)
        average = WeightAverage(averaged.state.map(\.tensor), decay: configuration.averageDecay)
        let trained = replicas[0].parameters.map(\.tensor)
        optimiser = try AdamW(
            trained,
            groups: [
                ParameterGroup(
                    indices: trained.indices.filter { trained[$0].rank >= 2 }, weightDecay: configuration.weightDecay),
                ParameterGroup(indices: trained.indices.filter { trained[$0].rank < 2 }),
            ])
        var counts = [Int](repeating: 0, count: dataset.labels.count)
        for row in split.train { counts[dataset.images[row].label] += 1 }
        trainingCounts = counts
        let objective = Objective(
            classWeights: ClassWeights.softened(counts: counts, power: configuration.classWeightPower),
            labelSmoothing: configuration.labelSmoothing, focalClass: melanoma,
            focalWeight: configuration.focalWeight, focalGamma: configuration.focalGamma)
        stepper = DataParallelStep(replicas, objective: objective, usesBFloat16: configuration.usesBFloat16)
        configurationText = try JSONText.of(configuration)
    }

    /// Trains to the end, to the deadline, or to an interrupt.
    func run(deadline: Date?, _ progress: (TrainingProgress) -> Void) throws -> TrainingHistory {
        let interrupt = InterruptSignal()
        // Its questions read a flag that all instances share, so nothing else keeps the handlers in place until the end.
        defer { withExtendedLifetime(interrupt) {} }
        let first = try resume()
        for epoch in first..<max(first, configuration.epochs) {
            if let deadline, let last = history.epochs.last,
                Date().addingTimeInterval(last.seconds * 1.05) > deadline
            {
                if history.bestEpoch == 0 { _ = try validate(epoch - 1) }
                break
            }
            try train(epoch, interrupt, progress)
            try save(epoch: epoch + 1)
        }
        return history
    }

    /// The averaged weights of the best epoch.
    func loadBest() throws -> Replica {
        _ = try TrainingCheckpoint(
            folder.appendingPathComponent("best.safetensors"), into: averaged.state, configuration: configurationText)
        return averaged
    }

    private func train(_ epoch: Int, _ interrupt: InterruptSignal, _ progress: (TrainingProgress) -> Void) throws {
        let start = Date()
        let side = configuration.side(inEpoch: epoch)
        let batches = loader.epoch(epoch, side: side, mixing: configuration.mixing(inEpoch: epoch))
        defer { batches.cancel() }
        stepper.objective.labelSmoothing = configuration.labelSmoothing(inEpoch: epoch)
        stepper.objective.classWeights = ClassWeights.softened(
            counts: trainingCounts, power: configuration.classWeightPower(inEpoch: epoch))
        var lossSum = 0.0
        var done = 0
        while let batch = try batches.next() {
            if interrupt.isRaised { throw try interrupted(epoch) }
            let (loss, gradients) = try stepper.gradients(batch)
            let norm = try TensorList.clipNorm(gradients, maximum: configuration.gradientNorm)
            guard loss.isFinite, norm.isFinite else { throw diverged(batch, epoch) }
            let rate = configuration.rate(epoch: epoch, step: done, stepsPerEpoch: loader.batchCount)
            try optimiser.step(gradients: gradients, rate: rate)
            try stepper.synchronise()
            try average.update(from: replicas[0].state.map(\.tensor))
            step += 1
            done += 1
            lossSum += loss
            if -lastReport.timeIntervalSinceNow > 10, done < loader.batchCount {
                progress(position(epoch, done, lossSum, start, nil))
            }
        }
        let isLast = epoch + 1 == configuration.epochs
        var figures: ValidationFigures?
        let seconds = -start.timeIntervalSinceNow
        if isLast || (epoch + 1) % configuration.validationInterval == 0 {
            figures = try validate(epoch)
        }
        history.epochs.append(
            EpochRecord(
                epoch: epoch + 1, side: side, loss: lossSum / Double(max(1, done)), seconds: seconds,
                imagesPerSecond: Double(done * configuration.batchSize) / seconds, validation: figures))
        progress(position(epoch, done, lossSum, start, figures))
    }

    private func validate(_ epoch: Int) throws -> ValidationFigures {
        let figures = try Evaluator.figures(
            logits: evaluator.logits(split.validation, averaged.model),
            labels: split.validation.map { dataset.images[$0].label }, melanoma: melanoma,
            sensitivity: configuration.melanomaSensitivity)
        if figures.score > history.bestScore {
            history.bestScore = figures.score
            history.bestEpoch = epoch + 1
            try counters(epoch: epoch + 1).write(
                averaged.state, to: folder.appendingPathComponent("best.safetensors"))
        }
        return figures
    }

    private func position(
        _ epoch: Int, _ done: Int, _ lossSum: Double, _ start: Date, _ figures: ValidationFigures?
    ) -> TrainingProgress {
        lastReport = Date()
        let rate = Double(done * configuration.batchSize) / max(1e-9, -start.timeIntervalSinceNow)
        // Time goes with the area of the images.
        let own = Double(configuration.side(inEpoch: epoch))
        let later = (epoch..<configuration.epochs).reduce(0.0) { sum, later in
            let side = Double(configuration.side(inEpoch: later))
            let steps = later == epoch ? loader.batchCount - done : loader.batchCount
            return sum + Double(steps * configuration.batchSize) * side * side / (own * own)
        }
        return TrainingProgress(
            epoch: epoch + 1, epochs: configuration.epochs, step: done, steps: loader.batchCount,
            loss: lossSum / Double(max(1, done)), imagesPerSecond: rate, secondsLeft: later / rate,
            validation: figures)
    }

    private var checkpointURL: URL { folder.appendingPathComponent("checkpoint.safetensors") }

    private var historyURL: URL { folder.appendingPathComponent("history.json") }

    /// Everything that the checkpoint holds, with names.
    private var stateTensors: [Weight] {
        let names = replicas[0].parameters.map(\.name)
        func named(_ prefix: String, _ tensors: [Tensor]) -> [Weight] {
            zip(names, tensors).map { Weight(name: "\(prefix).\($0)", tensor: $1) }
        }
        return replicas[0].state
            + averaged.state.map { Weight(name: "average.\($0.name)", tensor: $0.tensor) }
            + named("moment1", optimiser.averages) + named("moment2", optimiser.squareAverages)
            + named("steps", optimiser.steps)
    }

    private func counters(epoch: Int) -> TrainingCheckpoint {
        TrainingCheckpoint(
            epoch: epoch, step: step, averageUpdates: average.updates, bestScore: history.bestScore,
            bestEpoch: history.bestEpoch, configuration: configurationText)
    }

    private func save(epoch: Int) throws {
        try counters(epoch: epoch).write(stateTensors, to: checkpointURL)
        try AtomicOutput.file(historyURL, Data(JSONText.of(history).utf8))
    }

    /// The first epoch to train: 0, or the one after the checkpoint's.
    private func resume() throws -> Int {
        guard FileManager.default.fileExists(atPath: checkpointURL.path) else { return 0 }
        let state = try TrainingCheckpoint(checkpointURL, into: stateTensors, configuration: configurationText)
        for other in replicas.dropFirst() { try other.copy(from: replicas[0]) }
        step = state.step
        average.updates = state.averageUpdates
        if let data = try? Data(contentsOf: historyURL) {
            history = try JSONDecoder().decode(TrainingHistory.self, from: data)
        }
        history.epochs.removeAll { $0.epoch > state.epoch }
        history.bestScore = state.bestScore
        history.bestEpoch = state.bestEpoch
        return state.epoch
    }

    private func interrupted(_ epoch: Int) throws -> CutisError {
        CutisError(
            .cancelled, "The training was interrupted in epoch \(epoch + 1).",
            remedy: epoch == 0
                ? "Start it again." : "Start it again with the same output folder; it goes on after epoch \(epoch).")
    }

    private func diverged(_ batch: TrainingBatch, _ epoch: Int) -> CutisError {
        let names = batch.rows.prefix(3).map { dataset.images[$0].name }.joined(separator: ", ")
        return CutisError(
            .computeFailed,
            "The loss is not finite in epoch \(epoch + 1), batch \(batch.number + 1) (images \(names), …).",
            remedy: "Start again from the last checkpoint with a lower learning rate.")
    }
}

/// JSON with sorted keys, so that equal values give equal text.
enum JSONText {
    static func of(_ value: some Encodable, pretty: Bool = false) throws -> String {
        let encoder = JSONEncoder()
        encoder.outputFormatting = pretty ? [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes] : [.sortedKeys]
        encoder.keyEncodingStrategy = .useDefaultKeys
        return String(decoding: try encoder.encode(value), as: UTF8.self)
    }
}
