import CutisCore
import CutisTensor
import Foundation

/// The processes that train together, or the one that trains alone.
struct TrainingRanks {
    private let group: GradientSynchroniser?

    /// Joins the run that a launcher described; nil for a process that is alone.
    init(_ environment: DistributedEnvironment?, device: Device) throws(CutisError) {
        group = try environment.map { environment throws(CutisError) in
            try GradientSynchroniser(environment, device: device)
        }
    }

    var rank: Int { group?.rank ?? 0 }
    var count: Int { group?.worldSize ?? 1 }
    /// Whether this process writes files and speaks to people.
    var isMain: Bool { rank == 0 }

    /// Throws unless all ranks were started on the same thing.
    func checkEqual(_ facts: [String: String], parameters: [Tensor]) throws(CutisError) {
        try group?.checkEqual(facts, parameters: parameters)
    }

    /// Gives all ranks the tensors of rank 0, in place.
    func broadcast(_ tensors: [Tensor]) throws(CutisError) { try group?.broadcast(tensors) }

    /// A value of rank 0 on all ranks.
    func broadcast<Value: Codable>(_ value: Value) throws -> Value {
        guard let group else { return value }
        let bytes = isMain ? Array(try JSONEncoder().encode(value)) : []
        return try JSONDecoder().decode(Value.self, from: Data(group.gather(bytes)[0]))
    }

    /// Sums of numbers over the ranks.
    func sum(_ numbers: [Double]) throws(CutisError) -> [Double] { try group?.sum(numbers) ?? numbers }

    /// Replaces gradients by their sums over the ranks, in place.
    func sum(_ gradients: [Tensor]) throws(CutisError) { try group?.sum(gradients) }

    /// Replaces batch-norm statistics by their means over the ranks, in place.
    func average(_ statistics: [Tensor]) throws(CutisError) {
        if !statistics.isEmpty { try group?.average(statistics) }
    }

    /// The rows of a list that this rank computes.
    func part(of rows: [Int]) -> [Int] {
        group.map {
            Array(rows[GradientSynchroniser.rows(ofBatch: rows.count, rank: $0.rank, worldSize: $0.worldSize)])
        }
            ?? rows
    }

    /// Rows of numbers of all ranks, in the order of the ranks.
    func gather(_ rows: [[Double]]) throws -> [[Double]] {
        guard let group else { return rows }
        let width = rows.first?.count ?? 0
        let numbers = [Double(width)] + rows.joined()
        let parts = try group.gather(numbers.withUnsafeBytes(Array.init))
        return try parts.flatMap { bytes in
            let values = bytes.withUnsafeBytes { Array($0.bindMemory(to: Double.self)) }
            guard let width = values.first.flatMap(Int.init(exactly:)), width > 0 else { return [[Double]]() }
            guard (values.count - 1) % width == 0 else {
                throw CutisError(.networkFailed, "A rank sent a part of its answers.", remedy: "Resume the run.")
            }
            return stride(from: 1, to: values.count, by: width).map { Array(values[$0..<($0 + width)]) }
        }
    }

    /// Waits until every rank is here.
    func barrier() throws(CutisError) { try group?.barrier() }
}
