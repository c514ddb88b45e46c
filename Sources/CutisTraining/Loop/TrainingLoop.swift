import CutisCore
import CutisDatasets
import CutisImaging
import CutisModels
import CutisTensor
import Foundation

/// The loop over epochs and batches, from fresh weights (or a checkpoint) to the best weights of the run.
final class TrainingLoop {
    /// Seconds between two checkpoints within an epoch.
    private static let checkpointInterval = 300.0

    private let setup: TrainingSetup
    private let records: RunRecords
    /// The epoch after which it stops: the schedule's last, or an earlier one.
    private let end: Int
    private let progress: (TrainingProgress) -> Void
    private let replicas: [TrainableModel]
    /// Whose weights are judged and kept: the moving average, or the trained weights themselves.
    private let kept: TrainableModel
    private let average: WeightAverage?
    private let optimiser: any Optimiser
    private let stepper: ReplicaStep
    private var state = TrainingState()
    private var lastReport = Date.distantPast
    private var lastCheckpoint = Date()

    private var configuration: TrainingConfiguration { setup.configuration }
    private var ranks: TrainingRanks { setup.ranks }

    /// - Parameter maximumEpochs: stops after so many epochs in all; nil goes on to the end of the schedule.
    init(
        _ setup: TrainingSetup, records: RunRecords, maximumEpochs: Int? = nil,
        progress: @escaping (TrainingProgress) -> Void
    ) throws {
        self.setup = setup
        self.records = records
        self.progress = progress
        let configuration = setup.configuration
        end = min(maximumEpochs ?? .max, configuration.schedule.epochs)
        let replicas = try (0..<configuration.replicas).map { _ in try setup.makeModel() }
        let first = replicas[0]
        self.replicas = replicas
        if let decay = configuration.ema {
            let model = try setup.makeModel()
            model.isTraining = false
            kept = model
            average = WeightAverage(model.state.map(\.tensor), decay: decay)
        } else {
            kept = first
            average = nil
        }
        optimiser = try configuration.optimizer.make(
            first.trained.map(\.tensor), groups: first.parameterGroups(configuration))
        stepper = try ReplicaStep(
            replicas, objective: try setup.objective(inEpoch: 0), configuration, device: setup.device)
        state.scaler = stepper.scaler
        try setup.ranks.checkEqual(
            ["configuration": try configuration.fingerprint, "data": setup.dataHash],
            parameters: first.trained.map(\.tensor))
    }

    /// Trains to the end, to the last epoch that was asked for, or to an interrupt.
    ///
    /// - Returns: what the run became; it is not finished where epochs of the schedule are left.
    /// - Throws: `.cancelled` after SIGINT or SIGTERM, with a checkpoint written; `.computeFailed` when the loss is not
    ///   finite any more, the last good checkpoint stays; what the loader and the disk say.
    func run() throws -> TrainingState {
        let interrupt = InterruptSignal()
        // Its questions read a flag that all instances share, so nothing else keeps the handlers in place until the end.
        defer { withExtendedLifetime(interrupt) {} }
        try resume()
        while !state.isFinished, state.epoch < end {
            try train(interrupt)
            try finishEpoch()
        }
        return state
    }

    private func train(_ interrupt: InterruptSignal) throws {
        let epoch = state.epoch
        let start = Date()
        let before = state
        let loader = setup.loader
        let batches = loader.epoch(
            epoch, from: state.position, side: configuration.imageSize(inEpoch: epoch),
            mixing: configuration.mixing(inEpoch: epoch))
        defer { batches.cancel() }
        stepper.objective = try setup.objective(inEpoch: epoch)
        lastCheckpoint = Date()
        while let group = try next(configuration.accumulate, of: batches) {
            // One exchange says how large the step is on all ranks, and whether somebody wants to stop.
            let sums = try ranks.sum([
                group.reduce(0) { $0 + stepper.weightSum($1) }, Double(group.reduce(0) { $0 + $1.labels.count }),
                interrupt.isRaised ? 1 : 0,
            ])
            guard sums[2] == 0 else {
                state.seconds = before.seconds - start.timeIntervalSinceNow
                try save()
                throw interrupted()
            }
            try step(group, weightSum: sums[0], count: Int(sums[1]))
            state.position = batches.state.position
            state.seconds = before.seconds - start.timeIntervalSinceNow
            if -lastCheckpoint.timeIntervalSinceNow > Self.checkpointInterval { try save() }
            if ranks.isMain, -lastReport.timeIntervalSinceNow > 0.5 { report(nil, endsEpoch: false) }
        }
    }

    /// The batches of one optimiser step; nil at the end of the epoch.
    private func next(_ count: Int, of batches: BatchStream) throws -> [TrainingBatch]? {
        var group: [TrainingBatch] = []
        while group.count < count, let batch = try batches.next() { group.append(batch) }
        return group.isEmpty ? nil : group
    }

    private func step(_ group: [TrainingBatch], weightSum: Double, count: Int) throws {
        let own = try stepper(group, step: state.step, rank: ranks.rank, weightSum: weightSum, count: count)
        try ranks.sum(own.gradients)
        let loss = try ranks.sum([own.loss])[0]
        let isFinite = try stepper.scaler?.unscale(own.gradients) ?? true
        let norm = try clipping.apply(own.gradients)
        guard loss.isFinite, norm.isFinite || !isFinite else { throw diverged(group) }
        if isFinite {
            let rate = configuration.schedule.rate(
                epoch: state.epoch, step: stepInEpoch, stepsPerEpoch: setup.stepsPerEpoch)
            try optimiser.step(gradients: own.gradients, rate: rate)
        }
        try ranks.average(replicas[0].buffers.map(\.tensor))
        try stepper.synchronise()
        try average?.update(from: replicas[0].state.map(\.tensor))
        state.step += 1
        state.lossSum += loss
        state.lossCount += 1
    }

    private var clipping: GradientClipping { configuration.gradientClip.map { .norm($0) } ?? .none }

    private var stepInEpoch: Int { state.lossCount }

    /// Judges and records the epoch that is through, and goes on to the next one.
    private func finishEpoch() throws {
        let isLast = state.epoch + 1 == configuration.schedule.epochs
        var figures: ValidationFigures?
        // Who stops here wants to know how good it is.
        if state.epoch + 1 == end || (state.epoch + 1) % configuration.validation.interval == 0 {
            figures = try validate()
        }
        if ranks.isMain {
            report(figures, endsEpoch: true)
            try records.append(summary(figures), epoch: state.epoch + 1, step: state.step)
        }
        state.epoch += 1
        (state.position, state.lossSum, state.lossCount, state.seconds) = (0, 0, 0, 0)
        if let patience = configuration.validation.patience, state.validationsWithoutBest >= patience {
            state.isFinished = true
        }
        if isLast { state.isFinished = true }
        try save()
    }

    private func validate() throws -> ValidationFigures {
        let rows = setup.data.rows(.validation)
        kept.isTraining = false
        defer { if average == nil { kept.isTraining = true } }
        let logits = try ranks.gather(setup.evaluator.logits(ranks.part(of: rows), kept))
        // The last step of an epoch may have ruined the weights after a loss that was still finite.
        if let row = logits.firstIndex(where: { !$0.allSatisfy(\.isFinite) }) {
            throw CutisError(
                .computeFailed,
                "The network's answers are not finite after epoch \(state.epoch + 1), such as for "
                    + "\(setup.data.sample(rows[row]).id).",
                remedy: "Lower schedule.peak_rate; the last checkpoint is from before.")
        }
        let figures = try setup.figures(logits: logits, rows: rows)
        let score = figures.score(configuration.validation.metric)
        guard score.isFinite, score > state.bestScore ?? -.infinity else {
            state.validationsWithoutBest += 1
            return figures
        }
        state.bestScore = score
        state.bestEpoch = state.epoch + 1
        state.validationsWithoutBest = 0
        if ranks.isMain { try setup.best.write(kept.state, state) }
        return figures
    }

    private func summary(_ figures: ValidationFigures?) -> [String: Double] {
        var values = figures?.values ?? [:]
        values["train_loss"] = state.lossSum / Double(max(1, state.lossCount))
        values["learning_rate"] = configuration.schedule.rate(
            epoch: state.epoch, step: max(0, setup.stepsPerEpoch - 1), stepsPerEpoch: setup.stepsPerEpoch)
        values["image_size"] = Double(configuration.imageSize(inEpoch: state.epoch))
        values["seconds"] = state.seconds
        values["images_per_s"] = imagesPerSecond
        values["failed_images"] = Double(setup.loader.failures.all.count)
        return values
    }

    private var imagesPerSecond: Double {
        Double(state.position * configuration.batchSize * ranks.count) / max(1e-9, state.seconds)
    }

    private func report(_ figures: ValidationFigures?, endsEpoch: Bool) {
        lastReport = Date()
        progress(
            TrainingProgress(
                epoch: state.epoch + 1, epochs: configuration.schedule.epochs, step: state.lossCount,
                steps: setup.stepsPerEpoch, loss: state.lossSum / Double(max(1, state.lossCount)),
                imagesPerSecond: imagesPerSecond, secondsLeft: secondsLeft, validation: figures,
                endsEpoch: endsEpoch, failedImages: setup.loader.failures.all.count))
    }

    /// By this epoch's rate so far; time goes with the area of the images.
    private var secondsLeft: Double {
        let own = Double(configuration.imageSize(inEpoch: state.epoch))
        let left = (state.epoch..<configuration.schedule.epochs).reduce(0.0) { sum, later in
            let side = Double(configuration.imageSize(inEpoch: later))
            let batches = setup.loader.batchCount - (later == state.epoch ? state.position : 0)
            return sum + Double(batches * configuration.batchSize * ranks.count) * side * side / (own * own)
        }
        return left / max(1e-9, imagesPerSecond)
    }

    /// Everything that the checkpoint holds, with names.
    private var tensors: [NamedTensor] {
        var all =
            replicas[0].state + optimiser.state.map { NamedTensor(name: "optimiser.\($0.name)", tensor: $0.tensor) }
        if average != nil {
            all += kept.state.map { NamedTensor(name: "average.\($0.name)", tensor: $0.tensor) }
        }
        return all
    }

    private func save() throws {
        lastCheckpoint = Date()
        guard ranks.isMain else { return }
        state.averageUpdates = average?.updates ?? 0
        state.scaler = stepper.scaler
        try setup.last.write(tensors, state)
    }

    /// Goes on where the last checkpoint was made, on all ranks.
    private func resume() throws {
        if ranks.isMain, setup.last.exists { state = try setup.last.read(into: tensors) }
        state = try ranks.broadcast(state)
        try ranks.broadcast(tensors.map(\.tensor))
        for other in replicas.dropFirst() { try other.copy(from: replicas[0]) }
        average?.updates = state.averageUpdates
        stepper.scaler = state.scaler
    }

    private func interrupted() -> CutisError {
        CutisError(
            .cancelled, "The training was interrupted in epoch \(state.epoch + 1), after step \(state.step).",
            remedy: "Go on with --resume.")
    }

    private func diverged(_ group: [TrainingBatch]) -> CutisError {
        let rows = group.flatMap(\.rows)
        let names = rows.prefix(3).map { setup.data.sample($0).id }.joined(separator: ", ")
        let number = group.first.map { $0.number + 1 } ?? 0
        return CutisError(
            .computeFailed,
            "The loss is not finite in epoch \(state.epoch + 1), batch \(number) (images \(names), …).",
            remedy: "Look at these images and lower schedule.peak_rate; the last checkpoint is from before.")
    }
}
