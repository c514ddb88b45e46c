import CutisCore
import CutisDatasets
import CutisImaging
import CutisTensor
import Foundation

/// Everything that a run is made of before its first step.
struct TrainingSetup {
    let configuration: TrainingConfiguration
    let folder: RunFolder
    let data: TrainingData
    let device: Device
    let ranks: TrainingRanks
    let loader: BatchLoader
    let evaluator: Evaluator
    /// The newest checkpoint, and the weights of the best epoch.
    let last: TrainingCheckpoint
    let best: TrainingCheckpoint
    private let pretrained: PretrainedWeights?

    /// - Parameter folder: of the run; it exists.
    init(
        _ configuration: TrainingConfiguration, folder: RunFolder, data: TrainingData, device: Device,
        ranks: TrainingRanks
    ) throws {
        self.configuration = configuration
        self.folder = folder
        self.data = data
        self.device = device
        self.ranks = ranks
        pretrained = try configuration.model.from.map {
            try PretrainedWeights(URL(fileURLWithPath: $0), heads: configuration.model.heads)
        }
        let recipe = configuration.recipe(side: configuration.model.imageSize, pretrained)
        let cache = ImageCache(data.images.locations, budget: configuration.loader.cache == .memory ? 2 << 30 : 0)
        loader = BatchLoader(
            cache: cache, labels: data.images.labels,
            sampler: try Sampler(
                rows: data.rows(.train), labels: data.images.labels,
                strategy: configuration.sampler == .weighted ? .weighted : .shuffled,
                batchSize: configuration.batchSize, seed: configuration.randomSeed, rank: ranks.rank,
                worldSize: ranks.count),
            preparation: .training(
                configuration.augmentation, try ChannelNormalisation(mean: recipe.mean, deviation: recipe.std)),
            workers: configuration.loader.workers, failureLimit: configuration.data.maximumImageErrors)
        evaluator = Evaluator(cache: cache, recipe: recipe, threads: configuration.replicas, device: device)
        let fingerprint = try configuration.fingerprint
        last = TrainingCheckpoint(
            url: folder.checkpoints.appendingPathComponent("last.safetensors"), fingerprint: fingerprint)
        best = TrainingCheckpoint(
            url: folder.checkpoints.appendingPathComponent("best.safetensors"), fingerprint: fingerprint)
    }

    /// Optimiser steps of an epoch.
    var stepsPerEpoch: Int { (loader.batchCount + configuration.accumulate - 1) / configuration.accumulate }

    /// Names of the samples with their parts and classes: all ranks must have the same.
    var dataHash: String {
        let lines = data.dataset.samples.enumerated().map { position, sample in
            "\(position) \(sample.id) \(sample.labels) \(sample.split?.rawValue ?? "-")\n"
        }
        return Fingerprint.of(lines.joined())
    }

    /// A copy of the model with its first weights.
    func makeModel() throws -> TrainableModel {
        let model = try TrainableModel.make(
            configuration.model, classCount: data.dataset.labels.count, pretrained: pretrained,
            seed: configuration.randomSeed, device: device)
        model.isCheckpointing = configuration.model.checkpointing
        return model
    }

    /// What an epoch minimises.
    func objective(inEpoch epoch: Int) throws(CutisError) -> Objective {
        try configuration.loss(inEpoch: epoch).objective(labels: data.dataset.labels, counts: data.counts(.train))
    }

    /// The watched class; nil where the data has none of that name.
    var watched: Int? { data.dataset.labels.index(of: configuration.validation.label) }

    /// The figures of logits of rows.
    func figures(logits: [[Double]], rows: [Int]) throws -> ValidationFigures {
        try ValidationFigures(
            logits: logits, labels: rows.map { data.images.labels[$0] }, watched: watched,
            rules: configuration.validation)
    }

    /// The preprocessing of a bundle for images of a side.
    func recipe(side: Int) -> PreprocessingRecipe { configuration.recipe(side: side, pretrained) }
}

extension TrainingConfiguration {
    /// How whole images become the model's input: the section `recipe`, or the shortest side resized to `side` pixels, the
    /// centre cropped, and normalised as the checkpoint or ImageNet has it.
    func recipe(side: Int, _ pretrained: PretrainedWeights?) -> PreprocessingRecipe {
        if let recipe { return recipe }
        let known = pretrained?.normalisation
        return PreprocessingRecipe(
            exifOrientation: true, alpha: .drop, resize: .shortestSide(side), filter: .bilinear,
            centerCrop: CropSize(side), mean: known?.mean ?? Self.imageNetMean,
            std: known?.deviation ?? Self.imageNetDeviation)
    }
}
