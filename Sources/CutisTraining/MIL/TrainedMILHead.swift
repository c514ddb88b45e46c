public import CutisCore
import CutisModels
public import CutisTensor
public import Foundation

/// A gated-attention head with the weights of its best epoch.
public struct TrainedMILHead {
    /// The labels in the order of the outputs.
    public let labels: LabelSet
    /// The threshold of each label: a case has it where its probability is at least that.
    public let thresholds: [Double]
    /// Every epoch.
    public let history: [MILTrainer.Epoch]
    /// The epoch of the weights.
    public let best: MILTrainer.Epoch

    private let reader: WeightReader
    private let model: GatedAttentionMIL

    init(
        labels: LabelSet, thresholds: [Double], history: [MILTrainer.Epoch], best: MILTrainer.Epoch,
        reader: WeightReader, model: GatedAttentionMIL
    ) {
        self.labels = labels
        self.thresholds = thresholds
        self.history = history
        self.best = best
        self.reader = reader
        self.model = model
    }

    /// Probabilities [cases, labels] of cases.
    public func probabilities(_ cases: MILCases) throws(TensorError) -> Tensor {
        try withoutGrad { () throws(TensorError) in
            try model(bag: cases.bags, mask: cases.mask).logits.sigmoid()
        }
    }

    /// Writes `head.safetensors`, `thresholds.json` and `history.json` into a folder that exists.
    ///
    /// `MILHeads.read` opens the head, and an import of it into a screening bundle finds the thresholds beside it.
    ///
    /// - Returns: the head's file.
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    @discardableResult
    public func write(to folder: URL) throws -> URL {
        let head = folder.appendingPathComponent("head.safetensors")
        let encoder = JSONEncoder()
        encoder.outputFormatting = [.sortedKeys, .prettyPrinted, .withoutEscapingSlashes]
        let table = Dictionary(zip(labels.labels.map(\.id), thresholds)) { first, _ in first }
        try AtomicOutput.file(
            folder.appendingPathComponent("thresholds.json"), encoder.encode(["thresholds": table]))
        try AtomicOutput.file(folder.appendingPathComponent("history.json"), encoder.encode(history))
        let names = OrderedJSON.array(labels.labels.map { .string($0.id) }).text(pretty: false)
        try reader.write(to: head, metadata: ["labels": names, "epoch": "\(best.number)"])
        return head
    }
}
