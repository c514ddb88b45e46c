import CutisCore
import CutisModels
import CutisTensor
import Foundation

/// Computes a batch's loss and gradients with several copies of the model, each on one thread with its part of the
/// batch.
///
/// One copy per core with one thread each waits for the others once per step; LibTorch's own threads would wait after
/// every layer, which costs much on a machine that does other work too. The parts' losses are normalised by the whole
/// batch, so their gradients add up to exactly the batch's; only batch normalisation sees the parts (as in PyTorch's
/// data-parallel training).
final class DataParallelStep {
    private let replicas: [Replica]
    /// What is minimised; it may change between two epochs.
    var objective: Objective
    private let usesBFloat16: Bool

    init(_ replicas: [Replica], objective: Objective, usesBFloat16: Bool) {
        self.replicas = replicas
        self.objective = objective
        self.usesBFloat16 = usesBFloat16
    }

    /// The loss of a batch and its gradients with respect to the first replica's parameters.
    func gradients(_ batch: TrainingBatch) throws -> (loss: Double, gradients: [Tensor]) {
        let weightSum = batch.labels.reduce(0) { $0 + objective.classWeights[Int($1)] }
        let share = batch.labels.count / replicas.count
        var results = [Result<Part, any Error>?](repeating: nil, count: replicas.count)
        // Every iteration uses its own replica and writes its own place; the caller waits for all of them.
        nonisolated(unsafe) let copies = replicas
        let target = objective
        let precision: DType? = usesBFloat16 ? .bfloat16 : nil
        try results.withUnsafeMutableBufferPointer { places in
            nonisolated(unsafe) let places = places
            DispatchQueue.concurrentPerform(iterations: copies.count) { index in
                places[index] = Result {
                    Runtime.threads = 1
                    let rows = (index * share)..<((index + 1) * share)
                    return try Self.part(of: batch, rows, copies[index], target, precision, weightSum: weightSum)
                }
            }
            for place in places { _ = try place?.get() }
        }
        let parts = try results.compactMap { try $0?.get() }
        guard let first = parts.first else { return (0, []) }
        for other in parts.dropFirst() {
            try TensorList.add(first.gradients, other.gradients)
        }
        return (parts.reduce(0) { $0 + $1.loss }, first.gradients)
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

    private static func part(
        of batch: TrainingBatch, _ rows: Range<Int>, _ replica: Replica, _ objective: Objective, _ precision: DType?,
        weightSum: Double
    ) throws -> Part {
        let size = batch.side * batch.side * 3
        let pixels = Array(batch.pixels[(rows.lowerBound * size)..<(rows.upperBound * size)])
        // Interleaved pixels seen as [N, C, H, W] are LibTorch's channels-last layout, the fastest for convolutions.
        let x = try Tensor(pixels, shape: [rows.count, batch.side, batch.side, 3]).permute([0, 3, 1, 2])
        let labels = try Tensor(Array(batch.labels[rows]))
        let mixture =
            batch.share < 1 ? (partners: try Tensor(Array(batch.partners[rows])), share: batch.share) : nil
        let targets = Objective.Targets(
            labels: labels, mixture: mixture, weightSum: weightSum, count: batch.labels.count)
        let logits = try withAutocast(precision) { try replica.model(x) }
        let loss = try objective(logits.to(.float32), targets)
        let found = try Tensor.gradients(of: loss, withRespectTo: replica.parameters.map(\.tensor))
        // Convolutions may give channels-last gradients; the fused optimiser step reads plain memory order.
        var gradients: [Tensor] = []
        for gradient in found { gradients.append(try gradient.contiguous()) }
        return (try loss.item(), gradients)
    }
}
