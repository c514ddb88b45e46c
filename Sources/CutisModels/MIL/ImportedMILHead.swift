import CutisCore
import CutisFormats
import CutisTensor
public import Foundation

/// A published head that was read: ready to answer, and to be written into a bundle.
public struct ImportedMILHead {
    /// What a bundle stores under `head`.
    public let configuration: MILHeadConfiguration
    /// The head.
    public let head: any MILHead
    /// The labels in the order of the answers, where the file names them.
    public let labels: [String]?
    /// What was taken for granted because the file does not say it; for the model card.
    public let assumptions: [String]
    /// What became of every tensor of the file.
    public let report: LoadReport

    private enum Source {
        case reader(WeightReader)
        case keras(KerasModelFile)
    }

    private let source: Source

    /// A head in the PyTorch form.
    init(archive: any TensorArchive, config: GatedAttentionMILConfig, payload: PayloadValue?, device: Device) throws {
        let reader = WeightReader(archive: archive, layout: .gatedAttention, device: device)
        let model = try GatedAttentionMIL(config, reader)
        report = try reader.finish()
        head = GatedAttentionHead(model)
        configuration = .gatedAttention(config)
        source = .reader(reader)
        // A safetensors file has them as a JSON array in its metadata.
        let listed = archive.metadata["labels"].flatMap { text in
            try? JSONDecoder().decode([String].self, from: Data(text.utf8))
        }
        let names = payload?["labels"]?.listValue?.compactMap(\.textValue) ?? listed
        labels = names?.count == config.classCount ? names : nil
        assumptions =
            payload == nil || payload?["architecture"] == nil
            ? ["The head's sizes were read off the shapes of its weights; its activation is taken to be GELU."] : []
    }

    /// A Keras head.
    ///
    /// - Throws: `.checkpointUnsupported` where nothing tells what the graph's numbers are.
    init(_ graph: KerasGraph, file: KerasModelFile, mappings: [KerasCustomLayerMapping], meaning: MILOutputMeaning?)
        throws
    {
        guard let meaning = meaning ?? graph.meaning else {
            let known = MILOutputMeaning.allCases.map(\.rawValue).joined(separator: ", ")
            throw CutisError(
                .checkpointUnsupported,
                "The graph of \(file.path) ends in \(graph.ending), which does not tell what its numbers mean.",
                remedy: "Say what they are (\(known)), or save the head with a sigmoid or soft-max at its end.")
        }
        head = KerasHead(graph, meaning: meaning)
        configuration = .keras(
            KerasHeadConfig(
                inputWidth: graph.inputWidth, maximumInstances: graph.maximumInstances, classCount: graph.classCount,
                meaning: meaning, mappings: mappings))
        report = graph.report
        assumptions = graph.assumptions
        labels = nil
        source = .keras(file)
    }

    /// Writes what a bundle stores: the weights as safetensors and, for a Keras head, its graph.
    ///
    /// Gated attention is written under canonical names in float32. A Keras head's variables keep their HDF5 paths and
    /// types; the optimizer's are left out, and `config.json` is written byte for byte.
    ///
    /// - Parameters:
    ///   - weights: the new safetensors file.
    ///   - graph: the new graph file; only Keras heads have one.
    /// - Throws: `.outputUnwritable`, `.noSpaceLeft`.
    public func write(weights: URL, graph: URL) throws {
        switch source {
        case .reader(let reader): try reader.write(to: weights)
        case .keras(let file):
            let used = report.loaded.compactMap { file.weights.tensors[$0] }
            // Wider numbers first, so that every tensor is aligned in the file.
            let ordered = used.sorted {
                ($1.elementType.byteWidth, $0.name) < ($0.elementType.byteWidth, $1.name)
            }
            try SafetensorsWriter.write(
                ordered.map { SafetensorsEntry($0, from: file.weights) }, metadata: ["source": "keras"], to: weights)
            try AtomicOutput.file(graph, file.config)
        }
    }
}
