import CutisCore
import CutisDatasets
import CutisInference
public import CutisTensor
public import Foundation

/// Trains a classifier: what `cutis train CONFIG.yaml` does.
public enum Trainer {
    /// How a training is started.
    public struct Options: Sendable {
        /// Goes on with the run that the folder holds.
        public var resumes: Bool
        /// Where it computes; with several processes, each GPU has one.
        public var device: Device
        /// Writes TensorBoard's event files too.
        public var tensorBoard: Bool
        /// The rules file that the bundle takes along; nil for none.
        public var recommendations: URL?
        /// Of the program, for `environment.json`.
        public var version: String
        /// What the launcher said; nil for one process.
        public var distributed: DistributedEnvironment?
        /// Stops after so many epochs in all, with a checkpoint and without a bundle, as a trial of a sweep does; nil
        /// trains to the end of the schedule.
        public var maximumEpochs: Int?

        /// Joins the options.
        public init(
            resumes: Bool = false, device: Device = .cpu, tensorBoard: Bool = false, recommendations: URL? = nil,
            version: String, distributed: DistributedEnvironment? = nil, maximumEpochs: Int? = nil
        ) {
            self.resumes = resumes
            self.device = device
            self.tensorBoard = tensorBoard
            self.recommendations = recommendations
            self.version = version
            self.distributed = distributed
            self.maximumEpochs = maximumEpochs
        }
    }

    /// What a run leaves behind.
    public struct Outcome: Sendable {
        /// The folder of the run.
        public let folder: URL
        /// The verified bundle; nil where epochs are left, and on the ranks that leave the writing to rank 0.
        public let bundle: URL?
        /// The best validation score so far by `validation.metric`, more being better; nil where no epoch was judged.
        public let bestScore: Double?
        /// Sentences that people should read: images that failed, doubts about the data.
        public let warnings: [String]
    }

    /// Trains, calibrates, picks thresholds, evaluates and writes the bundle.
    ///
    /// The same configuration on the same machine gives the same weights, bit for bit, whatever the number of loader
    /// threads, and also where the run was stopped and resumed.
    ///
    /// - Parameter progress: called about twice a second and after every epoch, on rank 0.
    /// - Throws: `CutisError`: `.configInvalid`, `.dataInvalid` for data that cannot be trained on; `.computeFailed` when
    ///   the loss is not finite any more (the last good checkpoint stays); `.cancelled` after SIGINT or SIGTERM, with a
    ///   checkpoint written; `.noSpaceLeft`, `.outputUnwritable`, `.checkpointMismatch`; `.networkFailed` where another
    ///   process was lost.
    public static func run(
        _ configuration: TrainingConfiguration, options: Options,
        progress: @escaping (TrainingProgress) -> Void = { _ in }
    ) throws -> Outcome {
        try LoadedModel.translatingErrors {
            try Runtime.check()
            // Read first, so that a wrong one ends the run now and not after it.
            let crossValidation = try CrossValidationReport.ofCard(configuration)
            // On a CPU every operation of a training gives the same bits anyway.
            if case .cuda = options.device { try Runtime.setDeterministic(true) }
            let data = try TrainingData(configuration)
            let ranks = try TrainingRanks(options.distributed, device: options.device)
            let folder = try open(configuration, ranks, resumes: options.resumes)
            let setup = try TrainingSetup(
                configuration, folder: folder, data: data, device: options.device, ranks: ranks)
            if ranks.isMain {
                TrainingCheckpoint.removeLeftovers(in: folder.checkpoints)
                try RunEnvironment(
                    version: options.version, device: "\(options.device)", fingerprint: configuration.fingerprint
                ).write(to: folder.environment)
            }
            let before = setup.last.exists ? try setup.last.state() : TrainingState()
            let records = try RunRecords(
                folder, resumingAfter: before.epoch, step: before.step, tensorBoard: options.tensorBoard,
                writes: ranks.isMain)
            let state = try TrainingLoop(
                setup, records: records, maximumEpochs: options.maximumEpochs, progress: progress
            ).run()
            if state.isFinished { try records.finish() }
            let bundle =
                ranks.isMain && state.isFinished
                ? try TrainingReport(setup, state: state, crossValidation: crossValidation)
                    .write(recommendations: options.recommendations) : nil
            try ranks.barrier()
            return Outcome(
                folder: folder.url, bundle: bundle, bestScore: state.bestScore,
                warnings: data.warnings + setup.loader.failures.all.map { "\($0.name): \($0.error.message)" })
        }
    }

    /// The run's folder: rank 0 makes it, the others find it.
    private static func open(
        _ configuration: TrainingConfiguration, _ ranks: TrainingRanks, resumes: Bool
    ) throws -> RunFolder {
        var folder = RunFolder(reading: configuration.runFolder)
        if ranks.isMain { folder = try RunFolder(configuration, resuming: resumes) }
        try ranks.barrier()
        return folder
    }
}
