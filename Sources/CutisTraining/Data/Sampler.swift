public import CutisCore
import CutisStatistics

/// In which order an epoch takes the rows of a data set.
public enum SamplingStrategy: String, Sendable, Hashable, Codable, CaseIterable {
    /// Every row once, in a random order.
    case shuffled
    /// As many rows as there are, drawn with replacement so that every class is as likely: a row of class i has the
    /// weight N / (K·N_i) (PyTorch's `WeightedRandomSampler`).
    case weighted
    /// Every row once, in the given order.
    case sequential
}

/// Where a sampler is: all that it takes to go on in the middle of an epoch.
public struct SamplerState: Sendable, Hashable, Codable {
    /// What all draws come from.
    public var seed: UInt64
    /// The epoch, counted from 0.
    public var epoch: Int
    /// How many batches of the epoch have been taken.
    public var position: Int

    /// Joins the parts.
    public init(seed: UInt64, epoch: Int = 0, position: Int = 0) {
        self.seed = seed
        self.epoch = epoch
        self.position = position
    }
}

/// Parts the rows of a data set into batches, epoch by epoch, for one of several ranks.
///
/// The order depends on the seed and the epoch alone. A batch of all ranks together has `worldSize · batchSize`
/// consecutive rows of it, of which rank r takes its r-th part, so that W ranks see exactly the batches of one process
/// with W times the batch size.
public struct Sampler: Sendable {
    /// How the rows are ordered.
    public let strategy: SamplingStrategy
    /// What all draws come from.
    public let seed: UInt64
    /// Rows of a batch on each rank.
    public let batchSize: Int
    /// Whether the last rows of an epoch that do not fill a batch are taken too.
    public let keepsLast: Bool
    /// This process among all, 0 ..< `worldSize`.
    public let rank: Int
    /// How many processes train together.
    public let worldSize: Int
    /// The rows that are parted.
    let rows: [Int]
    /// The sum of the weights of the rows up to each one; empty unless the strategy is weighted.
    private let cumulativeWeights: [Double]

    /// Makes a sampler.
    ///
    /// - Parameters:
    ///   - rows: of the data set, in its order.
    ///   - labels: the class of every row of the data set; needed by the weighted strategy alone.
    ///   - batchSize: rows of a batch on each rank.
    ///   - keepsLast: a last batch with fewer rows is kept; one with fewer rows than ranks never is.
    /// - Throws: `.invalidArguments` for sizes and ranks that cannot be, rows that are none or have no label;
    ///   `.dataInvalid` where no batch can be filled.
    public init(
        rows: [Int], labels: [Int] = [], strategy: SamplingStrategy = .shuffled, batchSize: Int, seed: UInt64,
        keepsLast: Bool = false, rank: Int = 0, worldSize: Int = 1
    ) throws(CutisError) {
        guard batchSize > 0, worldSize > 0, (0..<worldSize).contains(rank), batchSize <= 1 << 20, worldSize <= 1 << 20
        else {
            throw CutisError(
                .invalidArguments,
                "A batch of \(batchSize) rows on rank \(rank) of \(worldSize) cannot be.",
                remedy: "Give a positive batch size and a rank below the number of ranks.")
        }
        guard strategy != .weighted || rows.allSatisfy(labels.indices.contains) else {
            throw CutisError(
                .invalidArguments, "Weighted sampling needs the label of every row.",
                remedy: "Give the labels, or choose another sampling.")
        }
        self.rows = rows
        self.strategy = strategy
        self.batchSize = batchSize
        self.seed = seed
        self.keepsLast = keepsLast
        self.rank = rank
        self.worldSize = worldSize
        cumulativeWeights = strategy == .weighted ? Self.cumulativeWeights(rows.map { labels[$0] }) : []
        guard batchCount > 0 else {
            throw CutisError(
                .dataInvalid, "The \(rows.count) images do not fill one batch of \(batchSize * worldSize).",
                remedy: "Give more images or a smaller batch.")
        }
    }

    /// How many batches an epoch has, the same on every rank.
    public var batchCount: Int {
        let size = batchSize * worldSize
        return rows.count / size + (keepsLast && rows.count % size >= worldSize ? 1 : 0)
    }

    /// The rows of an epoch counted from 0, of all ranks, in the order in which they are taken.
    public func order(epoch: Int) -> [Int] {
        var generator = SeededGenerator(seed: seed, .order, epoch: epoch)
        switch strategy {
        case .sequential: return rows
        case .shuffled:
            var order = rows
            generator.shuffle(&order)
            return order
        case .weighted:
            let total = cumulativeWeights.last ?? 0
            return rows.map { _ in rows[Self.position(of: generator.uniform() * total, in: cumulativeWeights)] }
        }
    }

    /// The positions in an epoch's order of a batch of all ranks.
    public func batch(_ number: Int) -> Range<Int> {
        let size = batchSize * worldSize
        return (number * size)..<min(rows.count, (number + 1) * size)
    }

    /// The positions in an epoch's order of this rank's part of a batch; a short last batch is shared out evenly.
    public func part(ofBatch number: Int) -> Range<Int> {
        let batch = batch(number)
        let begin = batch.lowerBound + rank * batch.count / worldSize
        return begin..<(batch.lowerBound + (rank + 1) * batch.count / worldSize)
    }

    /// w_i = N / (K·N_i) over the classes that have rows, added up.
    private static func cumulativeWeights(_ labels: [Int]) -> [Double] {
        var counts: [Int: Int] = [:]
        for label in labels { counts[label, default: 0] += 1 }
        var sum = 0.0
        return labels.map { label in
            sum += Double(labels.count) / Double(counts.count * counts[label, default: 1])
            return sum
        }
    }

    /// The first position whose sum is above `value`.
    private static func position(of value: Double, in sums: [Double]) -> Int {
        var (low, high) = (0, sums.count - 1)
        while low < high {
            let middle = (low + high) / 2
            if sums[middle] > value { high = middle } else { low = middle + 1 }
        }
        return low
    }
}
