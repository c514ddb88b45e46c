import CutisCore
import CutisFormats
public import CutisTensor
public import Foundation

/// Opens heads: published ones (`.pt`, `.keras`, safetensors) and those of bundles.
public enum MILHeads {
    /// Reads a published head.
    ///
    /// The content of the file decides what it is: a PyTorch checkpoint or safetensors file of `GatedAttentionMIL` (its
    /// sizes are read off the shapes), or a `.keras` file (or a folder with its three parts).
    ///
    /// - Parameters:
    ///   - mappings: what custom Keras layers compute.
    ///   - meaning: what a Keras graph's last numbers are; it overrides what the graph's end tells.
    /// - Throws: `CutisError`: the file's (`.fileNotFound`, `.checkpointCorrupt`, `.checkpointUnsafe`…),
    ///   `.checkpointUnsupported` for another kind of model, `.checkpointMismatch`, `.weightsNotFinite`.
    public static func read(
        _ url: URL, mappings: [KerasCustomLayerMapping] = [], meaning: MILOutputMeaning? = nil, device: Device = .cpu
    ) throws -> ImportedMILHead {
        if try isKeras(url) {
            let file = try KerasModelFile(url)
            let graph = try KerasGraph(
                config: file.config, archive: file.weights, groupNames: file.groupNames, mappings: mappings,
                device: device)
            return try ImportedMILHead(graph, file: file, mappings: mappings, meaning: meaning)
        }
        let archive: any TensorArchive
        var payload: PayloadValue?
        let format = try isFolder(url) ? nil : Sniffer.format(of: url)
        if format == .hdf5 {
            throw CutisError(
                .checkpointUnsupported, "\(url.path) holds the weights of a Keras model without its graph.",
                remedy: "Save the whole model: model.save(\"head.keras\").")
        }
        if format == .pytorch {
            let checkpoint = try PyTorchArchive(url)
            archive = checkpoint
            payload = checkpoint.payload
        } else {
            archive = try TensorArchives.open(url)
        }
        var config = try GatedAttentionMILConfig(shapesOf: archive)
        try config.check(against: payload, path: archive.path)
        return try ImportedMILHead(archive: archive, config: config, payload: payload, device: device)
    }

    /// Opens the head of a bundle.
    ///
    /// - Parameters:
    ///   - weights: the safetensors file that `ImportedMILHead.write` made.
    ///   - graph: the `config.json` beside it; needed by Keras heads.
    /// - Returns: the head and what was loaded.
    /// - Throws: `.bundleInvalid` where the graph is missing or does not fit the configuration; as `read` otherwise.
    public static func open(
        _ configuration: MILHeadConfiguration, weights: URL, graph: URL?, device: Device = .cpu
    ) throws -> OpenedMILHead {
        let archive = try TensorArchives.open(weights)
        let parameters = archive.tensors.values.reduce(0) { $0 + $1.elementCount }
        switch configuration {
        case .gatedAttention(let config):
            let reader = WeightReader(archive: archive, layout: .gatedAttention, device: device)
            let model = try GatedAttentionMIL(config, reader)
            return OpenedMILHead(
                head: GatedAttentionHead(model), report: try reader.finish(), parameterCount: parameters)
        case .keras(let config):
            guard let graph else { throw invalid("The Keras head of \(weights.path) has no graph beside it.") }
            let keras = try KerasGraph(
                config: try KerasGraph.text(of: graph), archive: archive, mappings: config.mappings, device: device)
            guard keras.inputWidth == config.inputWidth, keras.classCount == config.classCount,
                keras.maximumInstances == config.maximumInstances
            else { throw invalid("The graph \(graph.path) is not the one that the bundle describes.") }
            return OpenedMILHead(
                head: KerasHead(keras, meaning: config.meaning), report: keras.report, parameterCount: parameters)
        }
    }

    private static func isKeras(_ url: URL) throws -> Bool {
        guard isFolder(url) else { return try Sniffer.format(of: url) == .keras }
        return FileManager.default.fileExists(atPath: url.appendingPathComponent("model.weights.h5").path)
    }

    private static func isFolder(_ url: URL) -> Bool {
        var isFolder: ObjCBool = false
        return FileManager.default.fileExists(atPath: url.path, isDirectory: &isFolder) && isFolder.boolValue
    }

    private static func invalid(_ message: String) -> CutisError {
        CutisError(.bundleInvalid, message, remedy: "Import the head again.")
    }
}

/// A bundle's head in memory.
public struct OpenedMILHead {
    /// The head.
    public let head: any MILHead
    /// What became of every tensor of its file.
    public let report: LoadReport
    /// How many numbers its file holds.
    public let parameterCount: Int
}

extension KeyLayout {
    /// The public names of gated-attention heads, which are canonical.
    public static let gatedAttention = KeyLayout(
        "mil", anchors: ["attention_tanh.weight"], isIdentity: true, rules: [:])
}

extension KerasGraph {
    /// The text of a stored graph, bounded.
    static func text(of url: URL) throws -> Data {
        let file = try MappedFile(url)
        guard file.count <= KerasJSONParser.maximumBytes else {
            throw CutisError(
                .bundleInvalid, "\(url.path) has \(file.count) bytes, more than any graph.",
                remedy: "Import the head again.")
        }
        return try Data(contentsOf: url)
    }
}
