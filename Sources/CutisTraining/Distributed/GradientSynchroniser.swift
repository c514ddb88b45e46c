public import CutisCore
public import CutisTensor
import Foundation

/// Keeps the copies of one model on several ranks equal.
///
/// Each rank computes its share of a global batch and normalises its loss by the whole of it, as `ReplicaStep`
/// does with its threads; the gradients of the shares then add up to those of the batch. All ranks start from the same
/// weights and take the same optimiser step, so they stay the same, bit for bit.
public final class GradientSynchroniser {
    /// The ranks.
    public let group: ProcessGroup
    private let bucketBytes: Int

    /// Joins the run that a launcher described.
    ///
    /// - Parameters:
    ///   - device: the CPU (Gloo), or this rank's GPU (NCCL).
    ///   - timeout: how long a rank waits for the others before it gives up.
    /// - Throws: `CutisError` with `.networkFailed` where ranks do not come, `.deviceUnavailable` where this build has
    ///   no collectives for the device.
    public convenience init(
        _ environment: DistributedEnvironment, device: Device = .cpu, timeout: Duration = .seconds(600)
    ) throws(CutisError) {
        let group = try Self.explained { () throws(ProcessGroupError) in
            try ProcessGroup(
                rank: environment.rank, worldSize: environment.worldSize, address: environment.address,
                port: environment.port, timeout: timeout, device: device)
        }
        self.init(group)
    }

    /// - Parameter bucketBytes: gradients that travel as one piece.
    public init(_ group: ProcessGroup, bucketBytes: Int = ProcessGroup.defaultBucketBytes) {
        self.group = group
        self.bucketBytes = bucketBytes
    }

    /// This process, 0 ..< `worldSize`.
    public var rank: Int { group.rank }
    /// Number of processes.
    public var worldSize: Int { group.worldSize }

    /// The rows of a global batch that a rank computes: contiguous, in the order of the ranks, all within one row of
    /// the same number.
    public static func rows(ofBatch count: Int, rank: Int, worldSize: Int) -> Range<Int> {
        (count * rank / worldSize)..<(count * (rank + 1) / worldSize)
    }

    /// Throws unless all ranks were started on the same thing.
    ///
    /// - Parameters:
    ///   - facts: what must be equal, by name, such as the configuration's and the data set's hashes.
    ///   - parameters: their number and shapes must be equal too; sums of others would be meaningless.
    public func checkEqual(_ facts: [String: String], parameters: [Tensor]) throws(CutisError) {
        var all = facts
        all["parameters"] = parameters.map { "\($0.shape)\($0.dtype)" }.joined(separator: " ")
        let mine = all.sorted { $0.key < $1.key }.map { "\($0.key)\u{1F}\($0.value)" }
        let bytes = Array(mine.joined(separator: "\u{1E}").utf8)
        let others = try Self.explained { () throws(ProcessGroupError) in try group.gather(bytes) }
        for (rank, other) in others.enumerated() where other != others[0] {
            let (left, right) = (others[0].split(separator: 0x1E), other.split(separator: 0x1E))
            let first = zip(left, right).first { $0 != $1 }?.0 ?? left.last ?? []
            let name = String(decoding: first.prefix { $0 != 0x1F }, as: UTF8.self)
            throw CutisError(
                .configInvalid, "Rank \(rank) was started with another \(name) than rank 0.",
                remedy: "Start all ranks with the same program, configuration and data.")
        }
    }

    /// Gives all ranks the weights of rank 0, in place; call it once before the first step and after a resume.
    public func broadcast(_ tensors: [Tensor]) throws(CutisError) {
        try Self.explained { () throws(ProcessGroupError) in
            try group.broadcast(tensors, bucketBytes: bucketBytes)
        }
    }

    /// Replaces each gradient by its sum over the ranks, in place, in buckets.
    public func sum(_ gradients: [Tensor]) throws(CutisError) {
        try Self.explained { () throws(ProcessGroupError) in try group.sum(gradients, bucketBytes: bucketBytes) }
    }

    /// Sums of small numbers over the ranks: losses, counts, whether somebody wants to stop.
    public func sum(_ numbers: [Double]) throws(CutisError) -> [Double] {
        do {
            let tensor = try Tensor(numbers, device: group.device)
            try sum([tensor])
            return try tensor.to(.cpu).doubles()
        } catch let error as CutisError {
            throw error
        } catch {
            throw CutisError(.computeFailed, "\(error)", remedy: "Report it.")
        }
    }

    /// Bytes of each rank, in the order of the ranks: metrics of its share of the validation images.
    public func gather(_ bytes: [UInt8]) throws(CutisError) -> [[UInt8]] {
        try Self.explained { () throws(ProcessGroupError) in try group.gather(bytes) }
    }

    /// Replaces batch-normalisation statistics by their mean over the ranks, in place; counters (whole numbers) become
    /// those of rank 0. Call it at the end of an epoch, before the weights are judged or saved.
    public func average(_ statistics: [Tensor]) throws(CutisError) {
        let means = statistics.filter(\.dtype.isFloatingPoint)
        try broadcast(statistics.filter { !$0.dtype.isFloatingPoint })
        try sum(means)
        do {
            try withoutGrad { () throws(TensorError) in try TensorList.multiply(means, 1 / Double(worldSize)) }
        } catch {
            throw CutisError(.computeFailed, "\(error)", remedy: "Report it.")
        }
    }

    /// Waits until every rank is here.
    public func barrier() throws(CutisError) {
        try Self.explained { () throws(ProcessGroupError) in try group.barrier() }
    }

    /// Runs a call on the group; its error becomes one for people.
    private static func explained<R>(_ body: () throws(ProcessGroupError) -> R) throws(CutisError) -> R {
        do {
            return try body()
        } catch {
            throw CutisError(error)
        }
    }
}

extension CutisError {
    /// What a failure of the process group means to the person who started the run.
    init(_ error: ProcessGroupError) {
        let sentence = error.message.hasSuffix(".") ? error.message : error.message + "."
        switch error.code {
        case .lostRank, .timeout:
            self.init(
                .networkFailed, "The run lost a process: \(sentence)",
                remedy: "See what ended it, then start all ranks again with --resume: the run goes on from its last "
                    + "checkpoint.")
        case .unsupported:
            self.init(
                .deviceUnavailable, "This build cannot train with several processes: \(sentence)",
                remedy: "Run Scripts/setup.sh and build again, or start one process.")
        case .version:
            self.init(
                .deviceUnavailable, "The processes do not fit together: \(sentence)",
                remedy: "Use one build of Cutis on all machines; run Scripts/setup.sh and build again.")
        case .argument, .failed:
            self.init(
                .networkFailed, "The processes could not work together: \(sentence)",
                remedy: "Check MASTER_ADDR and MASTER_PORT, and that the port is free on the machine of rank 0.")
        }
    }
}
