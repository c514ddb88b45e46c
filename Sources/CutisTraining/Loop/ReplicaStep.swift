import CutisCore
import CutisImaging
import CutisModels
import CutisTensor
import Foundation

/// Computes the loss and the gradients of an optimiser step with one or more copies of the model, each with its part of
/// every batch.
///
/// One copy per core with one thread each waits for the others once per batch; LibTorch's own threads would wait after
/// every layer. The parts' losses are normalised by the whole step (all batches that are accumulated, on all ranks), so
/// their gradients add up to exactly those of one large batch; only batch normalisation sees the parts, as in PyTorch's
/// data-parallel training.
final class ReplicaStep {
    /// What one step computes.
    struct Result {
        let loss: Double
        let gradients: [Tensor]
    }

    /// What is minimised; it may change between two epochs.
    var objective: Objective
    /// Scales the loss of float16; nil for other types.
    var scaler: LossScaler?
    private let replicas: [TrainableModel]
    /// One for each copy: a step needs the same memory as the one before, and asking the system for it costs as much as
    /// a tenth of the work.
    private let arenas: [Arena]
    private let device: Device
    private let computeType: DType?
    private let seed: UInt64

    init(
        _ replicas: [TrainableModel], objective: Objective, _ configuration: TrainingConfiguration, device: Device
    ) throws(TensorError) {
        self.replicas = replicas
        var arenas: [Arena] = []
        for _ in replicas { arenas.append(try Arena()) }
        self.arenas = arenas
        self.objective = objective
        self.device = device
        seed = configuration.randomSeed
        switch configuration.precision {
        case .fp32: computeType = nil
        case .bf16: computeType = .bfloat16
        case .fp16:
            computeType = .float16
            scaler = LossScaler()
        }
    }

    /// The sum of the classes' weights over a batch of this rank.
    func weightSum(_ batch: TrainingBatch) -> Double { objective.weightSum(batch.labels.map(Int.init)) }

    /// The loss of the batches of a step and its gradients with respect to the first copy's trained weights.
    ///
    /// - Parameters:
    ///   - batches: one for each accumulation.
    ///   - step: counted from 0 over the whole run: decides what dropout draws.
    ///   - rank: of this process: decides it too.
    ///   - weightSum, count: Σ w_y and the number of images of the whole step, on all ranks.
    func callAsFunction(
        _ batches: [TrainingBatch], step: Int, rank: Int, weightSum: Double, count: Int
    ) throws -> Result {
        var sum = GradientAccumulator()
        for (number, batch) in batches.enumerated() {
            let salt = UInt64(step) &* 1009 &+ UInt64(number) &* 65_537 &+ UInt64(rank) << 40
            let (loss, gradients) = try gradients(batch, salt: salt, weightSum: weightSum, count: count)
            try sum.add(loss: loss, gradients: gradients)
        }
        let (loss, gradients) = sum.take()
        return Result(loss: loss, gradients: gradients)
    }

    /// Gives all copies the first one's weights, after its optimiser step, and the mean of all batch statistics.
    func synchronise() throws(TensorError) {
        guard let first = replicas.first, replicas.count > 1 else { return }
        try withoutGrad { () throws(TensorError) in
            let statistics = first.buffers.map(\.tensor)
            for other in replicas.dropFirst() { try TensorList.add(statistics, other.buffers.map(\.tensor)) }
            try TensorList.multiply(statistics, 1 / Double(replicas.count))
        }
        for other in replicas.dropFirst() { try other.copy(from: first) }
    }

    private typealias Part = (loss: Double, gradients: [Tensor])

    private func gradients(_ batch: TrainingBatch, salt: UInt64, weightSum: Double, count: Int) throws -> Part {
        var results = [Swift.Result<Part, any Error>?](repeating: nil, count: replicas.count)
        func compute(_ index: Int) throws -> Part {
            let begin = index * batch.labels.count / replicas.count
            let end = (index + 1) * batch.labels.count / replicas.count
            replicas[index].generator = try Generator(seed: seed ^ (salt &+ UInt64(index) << 32), device: device)
            return try arenas[index].use {
                try part(of: batch, begin..<end, replicas[index], weightSum: weightSum, count: count)
            }
        }
        guard replicas.count > 1 else { return try compute(0) }
        // Every iteration uses its own copy and writes its own place; the caller waits for all of them.
        nonisolated(unsafe) let compute = compute
        try results.withUnsafeMutableBufferPointer { places in
            nonisolated(unsafe) let places = places
            DispatchQueue.concurrentPerform(iterations: replicas.count) { index in
                Runtime.threads = 1
                places[index] = Swift.Result { try compute(index) }
            }
            for place in places { _ = try place?.get() }
        }
        var sum = GradientAccumulator()
        for result in results {
            if let part = try result?.get() { try sum.add(loss: part.loss, gradients: part.gradients) }
        }
        return sum.take()
    }

    private func part(
        of batch: TrainingBatch, _ rows: Range<Int>, _ replica: TrainableModel, weightSum: Double, count: Int
    ) throws -> Part {
        let size = batch.side * batch.side * 3
        let x = try batch.pixels[(rows.lowerBound * size)..<(rows.upperBound * size)].withUnsafeBufferPointer {
            // Interleaved pixels seen as [N, C, H, W] are LibTorch's channels-last layout, the fastest for convolutions.
            try Tensor(Array($0), shape: [rows.count, batch.side, batch.side, 3]).permute([0, 3, 1, 2]).to(device)
        }
        let labels = try Tensor(Array(batch.labels[rows])).to(device)
        let mixture =
            batch.share < 1
            ? (partners: try Tensor(Array(batch.partners[rows])).to(device), share: batch.share) : nil
        let targets = Objective.Targets(labels: labels, mixture: mixture, weightSum: weightSum, count: count)
        let logits = try withAutocast(computeType, device: device) { try replica(x) }
        let loss = try objective(logits.to(.float32), targets)
        let scaled = try scaler?.scaled(loss) ?? loss
        let gradients = try Tensor.gradients(of: scaled, withRespectTo: replica.trained.map(\.tensor))
        return (try loss.item(), gradients)
    }
}
